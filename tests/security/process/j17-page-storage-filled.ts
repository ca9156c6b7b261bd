import { expect } from 'vitest'
import { unknownRefresh } from '../../wire/outward-answers.ts'
import { ada, grace } from '../../wire/visitor.ts'
import { type Attack, attack, each } from '../attack.ts'
import { type Area, type BrowserStage, browserStage, newArea, withGlobal } from '../stages/process-browser.ts'

interface Kept {
  readonly v: number
  readonly access_token: string
  readonly refresh_token: string
  readonly session_id: string
}

const key = 'handstamp'

/** What a page of ada's has kept, then another text in its place, and a page that opens upon it. */
async function plant(
  stage: BrowserStage,
  text: (kept: Kept) => string,
  look: (found: { readonly area: Area; readonly asked: readonly (string | null)[]; readonly who: unknown }) => void,
): Promise<void> {
  const area = newArea()
  await withGlobal('localStorage', () => area, async () => {
    await stage.open('localStorage').client.signIn(ada)
    area.values.set(key, text(JSON.parse(area.values.get(key) ?? '') as Kept))
    const { client, drain } = stage.open('localStorage')
    const who = await client.load()
    const { status } = await client.fetch(`${stage.served.auth.origin}/api/me`)
    look({ area, asked: drain().map(({ authorization }) => authorization), who })
    if (who === null) expect(status).toBe(401)
    // Nothing of it is in the way of the next sign-in.
    expect(await client.signIn(grace)).toMatchObject({ ok: true, session: { user: { id: 'grace' } } })
    expect((await client.fetch(`${stage.served.auth.origin}/api/me`)).status).toBe(200)
  })
} // biome-ignore format: a callback

/** Not ours by its form: it is shown to nobody, and removed. */
function ignored(stage: BrowserStage, text: (kept: Kept) => string): Promise<void> {
  return plant(stage, text, ({ area, asked, who }) => {
    expect(who).toBeNull()
    expect(asked.filter((authorization) => authorization !== null)).toEqual([])
    expect(area.values.get(key)).toBeUndefined()
  })
}

/** Ours by its form: the server refuses it, and it is removed then. */
function refused(stage: BrowserStage, text: (kept: Kept) => string): Promise<void> {
  return plant(stage, text, ({ area, who }) => {
    expect(who).toBeNull()
    expect(area.values.get(key)).toBeUndefined()
  })
}

const json = (change: (kept: Kept) => object) => (kept: Kept) => JSON.stringify(change(kept))

export const pageStorageFilled: Attack = attack({
  ids: ['J17'],
  title: 'a storage of the page that holds what we never wrote',
  cost: 'A script or an older version of the page could make every later page fail, or speak in the name of another.',
  shows: [],
  stage: () => browserStage(),
  legal: {
    'what a page has kept': (stage) =>
      plant(stage, (kept) => JSON.stringify(kept), ({ who }) => expect(who).toMatchObject({ user: { id: 'ada' } })),
  },
  hostile: {
    ...each(
      {
        'no JSON': () => 'x',
        'nothing': () => '',
        'half of it': (kept: Kept) => JSON.stringify(kept).slice(0, -9),
        'another version': json((kept) => ({ ...kept, v: 2 })),
        'an older version': json(({ access_token, refresh_token }) => ({ access_token, refresh_token })),
        'another order': json(({ v, session_id, refresh_token, access_token }) => ({ v, session_id, refresh_token, access_token })),
        'a field more': json((kept) => ({ ...kept, admin: true })),
        'a field twice': (kept: Kept) => JSON.stringify(kept).replace('}', `,"session_id":"${kept.session_id}"}`),
        'ten megabytes': json((kept) => ({ ...kept, access_token: 'a'.repeat(10 * 2 ** 20) })),
        'a token that breaks a header': json((kept) => ({ ...kept, access_token: `x\r\nCookie: a=b` })),
        'a token of wide letters': json((kept) => ({ ...kept, access_token: '\u{1f511}' })),
        'a list of tokens': json((kept) => ({ ...kept, access_token: [kept.access_token] })),
        'a prototype': () => '{"__proto__":{"v":1,"access_token":"x","session_id":"y"}}',
        'a depth of thousands': () => '['.repeat(100_000),
        'zeros': () => '\0'.repeat(1_000),
      } as Readonly<Record<string, (kept: Kept) => string>>,
      ignored,
    ),
    ...each(
      {
        'another signature': json((kept) => ({ ...kept, access_token: `${kept.access_token.slice(0, -8)}AAAAAAAA`, refresh_token: unknownRefresh })),
        'a session credential': json((kept) => ({ ...kept, access_token: unknownRefresh, refresh_token: unknownRefresh })),
        'the two exchanged': json((kept) => ({ ...kept, access_token: kept.refresh_token, refresh_token: kept.access_token })),
      } as Readonly<Record<string, (kept: Kept) => string>>,
      refused,
    ),
    'the id of somebody else’s session, which counts for nothing': (stage) =>
      plant(stage, json((kept) => ({ ...kept, session_id: 'another.session' })), ({ who }) => expect(who).toMatchObject({ user: { id: 'ada' } })),
  },
}) // biome-ignore format: rows
