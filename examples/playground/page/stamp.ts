/**
 * The stamp: who was let in, as ink on the page, or the empty place where it would be.
 * @module
 */
import type { Session } from '@handstamp/core/session'
import type { User } from '../accounts.ts'
import { s } from './dom.ts'

/** A drawing for the session; undefined: not known yet. It says nothing that the text beside it does not. */
export function drawStamp(session: Session<User> | null | undefined): SVGElement {
  const user = session?.user
  const text = user ? `let in by handstamp · ${dateOf(session.createdAt)} · ` : 'no stamp yet · no stamp yet · '
  return s(
    'svg',
    { class: user ? 'stamp inked' : 'stamp', viewBox: '0 0 220 220', 'aria-hidden': 'true', focusable: 'false' },
    ink(),
    s(
      'g',
      user ? { filter: 'url(#ink)' } : {},
      s('circle', { class: 'stamp-ring', cx: 110, cy: 110, r: 102 }),
      s('circle', { class: 'stamp-ring thin', cx: 110, cy: 110, r: 94 }),
      s('circle', { class: 'stamp-ring thin', cx: 110, cy: 110, r: 64 }),
      s('text', { class: 'stamp-name', x: 110, y: user ? 117 : 124 }, user ? firstName(user) : '?'),
    ),
    // Small letters stay clean, to be read.
    s('path', { id: 'stamp-path', d: 'M110 110 m-74 0 a74 74 0 1 1 0 0.01', fill: 'none' }),
    s(
      'text',
      { class: 'stamp-around' },
      s('textPath', { href: '#stamp-path', textLength: 456, lengthAdjust: 'spacing' }, text.toUpperCase()),
    ),
    user && s('text', { class: 'stamp-role', x: 110, y: 138 }, user.role.toUpperCase()),
  )
}

function firstName({ name }: User): string {
  return (name.split(' ')[0] ?? name).toUpperCase().slice(0, 8)
}

function dateOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

/** Rough edges and places where the rubber did not touch. */
function ink(): SVGElement {
  return s(
    'filter',
    { id: 'ink', x: '-5%', y: '-5%', width: '110%', height: '110%' },
    s('feTurbulence', { type: 'fractalNoise', baseFrequency: 0.9, numOctaves: 2, seed: 7, result: 'grain' }),
    s('feDisplacementMap', { in: 'SourceGraphic', in2: 'grain', scale: 1.4, result: 'rough' }),
    s('feTurbulence', { type: 'fractalNoise', baseFrequency: 0.045, numOctaves: 3, seed: 3, result: 'cloud' }),
    s('feColorMatrix', {
      in: 'cloud',
      type: 'matrix',
      values: '0 0 0 0 0  0 0 0 0 0  0 0 0 0 0  0 0 0 -4.2 3.35',
      result: 'gaps',
    }),
    s('feComposite', { in: 'rough', in2: 'gaps', operator: 'in' }),
  )
}
