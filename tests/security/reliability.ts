/**
 * What Handstamp must withstand, by the names that tests and their figures use, in our words, and what shows it.
 * @module
 */
import type { Shown } from './requirements.ts'

interface Goal {
  readonly asks: string
  readonly shown: readonly Shown[]
  /** The part of it that nothing shows yet. */
  readonly open?: string
}

export const reliability: Readonly<Record<`R${number}`, Goal>> = {
  R1: { asks: 'Writers of files killed at any instant lose and tear nothing that was acknowledged', shown: [['tests/stores/file-kills.test.ts', 'holdKills({'], ['tests/matrix/file-kills-synced.test.ts', 'holdHalf('], ['tests/matrix/file-kills-unsynced.test.ts', 'holdHalf(']] },
  R2: { asks: 'Processes killed amid rotations leave one live token a session, none once signed out', shown: [['tests/stores/rotate-kills.test.ts', '(R2)']] },
  R3: { asks: 'A store that is away: 503 in time where it decides, business as usual elsewhere', shown: [['tests/stores/load-outage.test.ts', '(R3)'], ['tests/stores/outage.test.ts', '(R3, R5)'], ['tests/security/process/j01-store-fails.ts', "'R3'"]] },
  R4: { asks: 'Stale answers only by option, for a time, to readers alone', shown: [['tests/stores/outage.test.ts', '(R4)'], ['tests/security/process/j01-store-fails.ts', "'R4'"]] },
  R5: { asks: 'A Redis that restarts under load is used again within a second', shown: [['tests/stores/load-restart.test.ts', "requirement: 'R5'"], ['tests/stores/outage.test.ts', '(R3, R5)']] },
  R6: { asks: 'A PostgreSQL that restarts under load halves no rotation', shown: [['tests/stores/load-restart.test.ts', "requirement: 'R6'"]] },
  R7: { asks: 'One token refreshed a thousand times at once by four processes rotates once', shown: [['tests/stores/fire.test.ts', '(R7)']] },
  R8: { asks: 'A crowd of refused requests in the browser causes one refresh, then succeeds', shown: [['packages/client/test/refresh-once.test.ts', 'a storm of 500 refusals is one refresh']], open: 'several tabs, each of which refreshes for itself' },
  R9: { asks: 'No order of refreshes, replays, ends and crashes leaves two live tokens', shown: [['tests/rotation/schedules.test.ts', 'the schedules came by everything that can happen']] },
  R10: { asks: 'An answer lost after a rotation signs nobody out', shown: [['tests/rotation/honest.test.ts', 'R10: ']] },
  R11: { asks: 'Honest tabs beside each other are never taken for thieves', shown: [['tests/rotation/honest.test.ts', 'R11: ']] },
  R12: { asks: 'The memory store gives back what a million expired sessions took', shown: [['tests/stores/memory-heap.test.ts', '(R12)']], open: 'a session in 600 bytes: it takes more' },
  R13: { asks: 'A million requests of nobody store nothing and set no cookie', shown: [['tests/security/process/r13-anonymous-flood.ts', "'R13'"], ['tests/security/sessions/c20-anonymous-flood.ts', "'C20'"]] },
  R14: { asks: 'Thousands waiting for a key set cause one request for it', shown: [['tests/security/tokens/a46-random-key-ids.ts', "'R14'"]] },
  R15: { asks: 'Credentials mutated at random are refused, quickly and without a throw', shown: [['tests/security/fuzz.test.ts', 'R15: ']] },
  R16: { asks: 'Headers made to be read slowly hold nobody up', shown: [['tests/security/process/r16-long-texts.ts', "'R16'"]], open: 'that the time grows in a straight line' },
  R17: { asks: 'Whichever call of the store fails, however: nobody hangs, nobody gets in', shown: [['tests/security/process/j13-every-call-fails.ts', "'R17'"]] },
  R18: { asks: 'Clocks that jump or differ sign nobody out and revive nobody', shown: [['tests/security/signals/i03-skewed-servers.ts', "'R18'"], ['tests/security/signals/i03-clock.ts', "'I3'"]] },
  R19: { asks: 'Every runtime gives the same answers to the same suite', shown: [], open: 'all of it; `npm run test:matrix` runs the unit tests on three versions of Node' },
  R20: { asks: 'How long a comparison takes says nothing of what was compared', shown: [], open: 'all of it' },
  R21: { asks: 'No secret appears in logs, errors, events or inspected objects', shown: [['tests/security/canary.test.ts', 'R21: ']] },
  R22: { asks: 'Two versions over one store, and new keys, sign nobody out', shown: [['tests/stores/rolling-deploy.test.ts', '(R22)'], ['tests/stores/redis-faults.test.ts', '(R22)']] },
  R23: { asks: 'A disk that is full or read-only, or files run out: said, and harmless', shown: [['tests/stores/file.test.ts', 'a full or read-only disk is said'], ['tests/stores/file-processes.test.ts', 'one that may open no more files says so']] },
  R24: { asks: 'Told to end under load, a server ends by itself and keeps its word', shown: [['tests/stores/load-sigterm.test.ts', '(R24'], ['tests/security/process/j15-ended-under-load.ts', "'R24'"]] },
} // biome-ignore format: a table
