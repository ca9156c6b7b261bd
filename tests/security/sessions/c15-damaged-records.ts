import type { SessionRecord } from '@handstamp/core/session'
import { expect } from 'vitest'
import { type Attack, attack, type Inputs } from '../attack.ts'
import { askedOfRecord, type BentStage, bentStage, kept } from '../stages/session-bent-store.ts'

const stage = () => ({ close: () => {} })

type Change = (record: SessionRecord) => unknown

async function withRecord(strategy: (typeof kept)[number], change: Change, judge: (stage: BentStage) => Promise<void>) {
  const bent = await bentStage(strategy)
  try {
    bent.store.bend(change)
    await judge(bent)
  } finally {
    await bent.close()
  }
}

function inEach(
  changes: Readonly<Record<string, Change>>,
  judge: (stage: BentStage, strategy: (typeof kept)[number]) => Promise<void>,
): Inputs<ReturnType<typeof stage>> {
  return Object.fromEntries(
    Object.entries(changes).flatMap(([name, change]) =>
      kept.map((strategy) => [
        `${name}, ${strategy}`,
        () => withRecord(strategy, change, (bent) => judge(bent, strategy)),
      ]),
    ),
  )
}

const without =
  (field: keyof SessionRecord): Change =>
  ({ [field]: _left, ...rest }) =>
    rest

const damaged: Readonly<Record<string, Change>> = {
  'half of its JSON': (record) => JSON.stringify(record).slice(0, 40),
  'an empty text': () => '',
  'no fields': () => ({}),
  'a list': () => [],
  nothing: () => null,
  'a number': () => 1,
  bytes: () => Uint8Array.of(0xff, 0x00, 0x81),
  'a later version of the format': (record) => ({ ...record, v: 2 }),
  'a version that is a text': (record) => ({ ...record, v: '1' }),
  'another id': (record) => ({ ...record, id: `${record.id.slice(0, -1)}-` }),
  'no user': without('userId'),
  'a user that is a number': (record) => ({ ...record, userId: 1 }),
  'the user of somebody else': (record) => ({ ...record, userId: 'grace' }),
  'somebody else inside': (record) => ({ ...record, user: { id: 'grace', role: 'admin' } }),
  'a user without a role': (record) => ({ ...record, user: { id: record.userId } }),
  'a user that is a list': (record) => ({ ...record, user: [record.user] }),
  'no absolute end': without('expiresAt'),
  'an absolute end that is no number': (record) => ({ ...record, expiresAt: Number.NaN }),
  'an absolute end without end': (record) => ({ ...record, expiresAt: Number.POSITIVE_INFINITY }),
  'an absolute end that is a text': (record) => ({ ...record, expiresAt: '9999999999999' }),
  'no idle end': without('idleUntil'),
  'an idle end that is no number': (record) => ({ ...record, idleUntil: Number.NaN }),
  'an idle end that is nothing': (record) => ({ ...record, idleUntil: null }),
  'no time of the proof': without('authTime'),
  'no epoch': without('epoch'),
  'a transport that does not exist': (record) => ({ ...record, transport: 'query' }),
  'a rotation that is none': (record) => ({ ...record, rotation: {} }),
  'a rotation of texts': (record) => ({
    ...record,
    rotation: { g: '0', cur: '', prev: '', salt: '', kid: '', rotatedAt: '0' },
  }),
}

export const damagedRecords: Attack = attack({
  ids: ['C15'],
  title: 'a record that came back from the store damaged, of another version or of somebody else',
  cost: 'One bad row would end the process, or never expire because no time is later than none.',
  shows: ['ASVS 7.3.1', 'ASVS 7.3.2'],
  stage,
  legal: inEach(
    {
      'the record as it was written': (record) => record,
      'a copy of it': (record) => JSON.parse(JSON.stringify(record)),
      'a field that a later version added': (record) => ({ ...record, color: 'blue' }),
    },
    async (bent, strategy) => {
      expect(await askedOfRecord(bent, strategy)).toBe(200)
      expect(bent.served.events.filter(({ type }) => type === 'store.corrupt')).toEqual([])
    },
  ),
  hostile: inEach(damaged, async (bent, strategy) => {
    expect(await askedOfRecord(bent, strategy)).toBe(strategy === 'hybrid' ? 400 : 401)
    expect(bent.served.events.filter(({ type }) => type === 'store.corrupt')).not.toEqual([])
    // Nothing was destroyed for it: a row that is whole again is a session again.
    bent.store.bend()
    expect(await askedOfRecord(bent, strategy)).toBe(200)
  }),
})
