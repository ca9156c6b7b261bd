/**
 * Runs one attack: the page's own part, and the steps that the server's side takes.
 * @module
 */
import type { Finding } from '../attacks/attack.ts'
import { visitElsewhere } from './attacks-elsewhere.ts'
import { takeLoot } from './attacks-loot.ts'
import { type Attacking, askForStep, findingOf, type Take } from './attacks-steps.ts'

/** Runs the attack of this id to its finding; where nobody is signed in, Ada is first. */
export async function runAttack(id: string, attacking: Attacking): Promise<Finding> {
  const { client, storage } = attacking.playground
  if (!client.session) {
    attacking.note('Signing in as Ada')
    const answer = await client.signIn({ email: 'ada@example.com', password: 'analytical-engine' })
    if (!answer.ok) throw new Error(answer.code)
    attacking.note('Running')
  }
  const take: Take = (name, body = {}) => askForStep(id, name, { ...body, storage })
  switch (id) {
    case 'script':
      return runScript(attacking, take)
    case 'cross-site':
    case 'same-site':
      return visitElsewhere(attacking, take)
    case 'spent-token':
      return comeBack(attacking, take)
    default:
      return findingOf(await take('run'))
  }
}

async function runScript({ playground }: Attacking, take: Take): Promise<Finding> {
  const { client } = playground
  let acted = 0
  const loot = await takeLoot(async () => {
    acted = (await client.fetch('/api/me')).status
  })
  const finding = findingOf(await take('run', { loot, acted }))
  // The thief may have exchanged your refresh token. Within the grace, yours still brings the same successor.
  if (loot.some(({ credentials }) => credentials.some((text) => text.startsWith('hsr1.')))) await client.refresh()
  return finding
}

/** A copy of the refresh token comes back once it is spent. */
async function comeBack({ playground, note }: Attacking, take: Take): Promise<Finding> {
  const { client } = playground
  const inReach = async () => {
    const loot = await takeLoot(() => client.fetch('/api/me'))
    return { refreshToken: loot.flatMap(({ credentials }) => credentials).find((text) => text.startsWith('hsr1.')) }
  }
  for (;;) {
    const copied = await take('copy', await inReach())
    if ('finding' in copied) return copied.finding
    await client.refresh()
    const within = await take('within', await inReach())
    if ('finding' in within) return within.finding
    const { again, wait } = within.told
    if (typeof again === 'number') {
      await countDown(again, (left) => note(`Your refresh token is young, and not exchanged for ${left} s`))
      continue
    }
    await countDown(Number(wait), (left) => note(`Waiting for the grace to pass: ${left} s`))
    await take('after')
    await client.refresh()
    return findingOf(await take('judge', { victimOut: client.session === null }))
  }
}

async function countDown(milliseconds: number, say: (seconds: number) => void): Promise<void> {
  const until = performance.now() + milliseconds
  for (let left = milliseconds; left > 0; left = until - performance.now()) {
    say(Math.ceil(left / 1_000))
    await new Promise((resolve) => setTimeout(resolve, Math.min(left, 1_000)))
  }
}
