/**
 * What people who do not look, or do not point, meet on a page.
 * @module
 */
import axe from 'axe-core'
import type { Page, SerializedAXNode } from 'puppeteer-core'

/** What axe finds wrong, with the elements. */
export async function violations(page: Page): Promise<string[]> {
  // By the debugger, which the page's policy does not bind.
  await page.evaluate(axe.source)
  return page.evaluate(async () => {
    const { axe: inPage } = globalThis as unknown as { readonly axe: typeof axe }
    const found = await inPage.run(document, { resultTypes: ['violations'] })
    return found.violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target}: ${failureSummary}`),
    )
  })
}

/** Every node of the accessibility tree. */
export async function accessibilityNodes(page: Page): Promise<SerializedAXNode[]> {
  const root = await page.accessibility.snapshot({ interestingOnly: false })
  const flat = (node: SerializedAXNode): SerializedAXNode[] => [node, ...(node.children ?? []).flatMap(flat)]
  return root === null ? [] : flat(root)
}

/** What the focus is on now: what it is called, and whether one can see that. */
export interface Focus {
  readonly what: string
  readonly visible: boolean
}

function focus(page: Page): Promise<Focus> {
  return page.evaluate(() => {
    const element = document.activeElement ?? document.body
    const label = element.closest('label') ?? document.querySelector(`label[for="${element.id}"]`)
    const name = element.getAttribute('aria-label') ?? label?.textContent ?? element.textContent ?? ''
    // A field that is drawn by its label may show it there.
    const marked = [element, ...(label ? [label] : [])].some((part) => {
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(part)
      return (outlineStyle !== 'none' && Number.parseFloat(outlineWidth) > 0) || boxShadow !== 'none'
    })
    const { top, bottom, width, height } = element.getBoundingClientRect()
    const shown = width > 0 && height > 0 && bottom > 0 && top < innerHeight
    return { what: `${element.tagName.toLowerCase()} ${name.trim().replace(/\s+/g, ' ')}`, visible: marked && shown }
  })
}

/** Goes through the page by the Tab key, from where the focus is until it leaves the page or comes to `until`. */
export async function tabThrough(page: Page, until = (_: Focus): boolean => false): Promise<Focus[]> {
  const stops: Focus[] = []
  for (let step = 0; step < 200; step += 1) {
    await page.keyboard.press('Tab')
    if (await page.evaluate(() => document.activeElement === document.body)) return stops
    const stop = await focus(page)
    stops.push(stop)
    if (until(stop)) return stops
  }
  throw new Error('the Tab key finds no end')
}
