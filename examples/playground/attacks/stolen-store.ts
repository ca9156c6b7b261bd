/**
 * Somebody has a copy of the store, and presents whatever stands in it.
 * @module
 */
import { decodeBase64url, encodeBase64url } from '@handstamp/core/base64url'
import { handleOf, uint32 } from '@handstamp/core/credential'
import { concatBytes, userHandle } from '@handstamp/core/secret'
import type { SessionRecord } from '@handstamp/core/session'
import type { Attack, Fact, Finding, World } from './attack.ts'
import { type Presented, present, renew, sayPresented } from './outsider.ts'

const mostRecords = 3

/** The attack with a stolen store. */
export function stolenStoreAttack(world: World): Attack {
  return {
    id: 'store',
    title: 'A stolen store',
    does: 'Copies the records as the store holds them, and presents every text in them as a credential.',
    steps: { run: async () => ({ finding: await run(world) }) },
  }
}

async function run(world: World): Promise<Finding> {
  if (world.configuration().store === 'none')
    return {
      verdict: 'nothing',
      why: 'There is no store: the token is the session, and the server keeps nothing of it.',
      advice: 'Guard the signing key instead, since whoever has it can sign as anybody.',
      facts: [],
    }
  const records = await dump(world)
  const facts: Fact[] = []
  let accepted = 0
  let tried = 0
  for (const record of records) {
    for (const { what, credential, refresh } of credentialsIn(record)) {
      const presented: Presented = refresh ? await renew(credential, world) : await present(credential, world)
      tried += 1
      if (presented.status === 200) accepted += 1
      facts.push({ what, answer: sayPresented(presented), good: presented.status !== 200 })
    }
  }
  const shown = JSON.stringify(records, null, 2)
  return { ...conclude(accepted, tried, records.length), facts, shown }
}

function conclude(accepted: number, tried: number, count: number): Omit<Finding, 'facts'> {
  if (count === 0)
    return {
      verdict: 'nothing',
      why: 'The store is empty: nobody is signed in.',
      advice: 'Sign in, and try again.',
    }
  const records = count === 1 ? 'one record' : `${count} records`
  if (accepted > 0)
    return {
      verdict: 'succeeds',
      why: `${accepted} of ${tried} texts out of ${records} were let in.`,
      advice: 'This must not be: please report it, as SECURITY.md says.',
    }
  return {
    verdict: 'fails',
    why: `The store holds digests alone: none of ${tried} texts made from ${records} is a secret, and no secret can be computed from them.`,
    advice: 'Guard it all the same: it tells who is signed in, from where and since when.',
  }
}

/** The latest records of both accounts, as they are kept. */
async function dump({ store }: World): Promise<readonly SessionRecord[]> {
  const users = await Promise.all(['ada', 'grace'].map((id) => store().listByUser(userHandle(id))))
  const records = users.flatMap(({ sessions }) => sessions.map(({ record }) => record))
  return records.toSorted((a, b) => b.createdAt - a.createdAt).slice(0, mostRecords)
}

/** Every text of a record that could pass for a credential, in the form in which one travels. */
function credentialsIn({ id, rotation }: SessionRecord): {
  readonly what: string
  readonly credential: string
  readonly refresh: boolean
}[] {
  const plain = [
    { what: 'id, as it stands there', credential: id, refresh: false },
    { what: 'id, as a session id travels', credential: `hss1.${id}`, refresh: false },
  ]
  const digest = decodeBase64url(id.slice(id.indexOf('.') + 1))
  if (rotation === undefined || digest === undefined) return plain
  const secrets = [
    ['rotation.cur', rotation.cur],
    ['rotation.prev', rotation.prev],
    ['rotation.salt', rotation.salt],
  ] as const
  return [
    ...plain,
    ...secrets.flatMap(([name, text]) => {
      const bytes = decodeBase64url(text ?? '')
      if (bytes?.length !== 32) return []
      const body = concatBytes(digest, uint32(rotation.g), bytes)
      const credential = `hsr1.${handleOf(id)}.${encodeBase64url(body)}`
      return [{ what: `${name}, as a refresh token travels`, credential, refresh: true }]
    }),
  ]
}
