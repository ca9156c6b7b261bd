/**
 * Families of refresh tokens that rotate in rounds: none goes on before each has been given its next token.
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { LoadProcess } from './load-process.ts'
import { rotation, signInMany, tokenOf } from './load-visitors.ts'
import { type Answer, type KeptConnections, keptConnections } from './steady-load.ts'

export interface Families {
  /** Resolves in the middle of a round: one has its next token, and others wait for theirs. */
  midway(): Promise<void>
  /** Goes on round by round, until told to stop; answers how many rounds there were. */
  stop(): Promise<number>
  /** What is not as it should be after so many rounds: one live token each, of that generation, in its owner's hands. */
  faults(rounds: number): Promise<readonly string[]>
}

interface Family {
  readonly name: string
  held: string
  spent: string
}

const count = 20
/** Milliseconds a round takes at least, and by which its clock is moved on: past grace and skew. */
const [pace, apart] = [200, 60_000]

export async function rotatingFamilies(serving: LoadProcess): Promise<Families> {
  const connections = keptConnections(serving.port)
  const signedIn = await signInMany(serving.port, 'family', count, '/tokens')
  const families = signedIn.map(({ name, secret }): Family => ({ name, held: secret, spent: '' }))
  let isOver = false
  const waiting: (() => void)[] = []
  const running = (async () => {
    for (let rounds = 0; ; rounds += 1) {
      if (isOver) return rounds
      await serving.pass(apart)
      const rotating = families.map((family) => rotate(connections, family))
      const toTell = waiting.splice(0)
      await Promise.race(rotating)
      for (const tell of toTell) tell()
      await Promise.all([sleep(pace), ...rotating])
    }
  })()
  running.catch(() => {})

  return {
    midway: () => new Promise((resolve) => waiting.push(resolve)),
    stop() {
      isOver = true
      return running
    },
    async faults(rounds) {
      const faults: string[] = []
      for (const { name, held, spent } of families) {
        const generation = Buffer.from(held.split('.')[2] ?? '', 'base64url').readUInt32BE(32)
        if (generation !== rounds) faults.push(`generation ${generation} after ${rounds} rounds`)
        for (const presented of [held, spent]) {
          const outcome = await connections.insist({ ...rotation({ name, secret: presented }), isRight: isGiven })
          if (outcome.verdict !== 'right' || tokenOf(outcome) !== held) faults.push(JSON.stringify(outcome.answer))
        }
      }
      connections.close()
      return faults
    },
  }
}

const isGiven = ({ status }: Answer): boolean => status === 200

/** Until it is answered: whoever is told that the store cannot be reached asks again, with the same token. */
async function rotate(connections: KeptConnections, family: Family): Promise<void> {
  const outcome = await connections.insist(rotation({ name: family.name, secret: family.held }))
  if (outcome.verdict !== 'right') throw new Error(`a rotation: ${JSON.stringify(outcome.answer)}`)
  family.spent = family.held
  family.held = tokenOf(outcome)
}
