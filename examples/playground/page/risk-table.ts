/**
 * The risks of the four storages, with the present one marked, and what an attacker would get from it.
 * @module
 */
import { type Level, risksOf } from '../risks.ts'
import { byId, h, isNews, render } from './dom.ts'
import type { Playground } from './playground.ts'

export function riskTable(playground: Playground): () => void {
  return () => {
    const { configuration, storage } = playground
    if (!isNews(byId('risk-rows'), configuration, storage)) return
    const report = risksOf({ ...configuration, storage })
    render(
      byId('risk-rows'),
      ...report.rows.map(({ storage: name, xss, csrf, why, cure, holds }) =>
        h(
          'tr',
          holds.length > 0 ? { class: 'present' } : {},
          h(
            'th',
            { scope: 'row' },
            h('span', { class: 'risk-name' }, name === 'cookie' ? 'HttpOnly cookie' : name),
            holds.length > 0 && h('span', { class: 'holds' }, `holds the ${holds.join(' and the ')}`),
          ),
          h('td', { 'data-label': 'XSS' }, level(xss)),
          h('td', { 'data-label': 'CSRF' }, level(csrf)),
          h('td', { class: 'why' }, why, cure !== undefined && h('span', { class: 'cure' }, `Cure: ${cure}.`)),
        ),
      ),
    )
    render(
      byId('risk-story'),
      chapter('A script that gets into the page', report.script),
      chapter('A credential that was stolen', report.stolen),
      chapter('A page of another site', report.elsewhere),
    )
  }
}

function level(value: Level): HTMLElement {
  return h('span', { class: `level ${value}` }, value)
}

function chapter(title: string, text: string): HTMLElement {
  return h('div', {}, h('h3', {}, title), h('p', {}, text))
}
