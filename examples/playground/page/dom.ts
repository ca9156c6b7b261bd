/**
 * Builds elements, and replaces them without taking the focus away.
 * @module
 */

export type Child = Node | string | number | undefined | null | false

type Listeners = { readonly [K in keyof HTMLElementEventMap as `on${K}`]?: (event: HTMLElementEventMap[K]) => void }
type Attributes = { readonly [name: string]: string | number | boolean | undefined }
type Props = Listeners | Attributes

/** An element with attributes, listeners (`onclick`) and children. `key` names it, so that the focus finds it again. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  setAll(element, props)
  element.append(...shown(children))
  return element
}

const svgNamespace = 'http://www.w3.org/2000/svg'

/** An element of SVG. */
export function s(tag: string, attributes: Attributes = {}, ...children: readonly Child[]): SVGElement {
  const element = document.createElementNS(svgNamespace, tag)
  setAll(element, attributes)
  element.append(...shown(children))
  return element
}

function setAll(element: Element, props: Props): void {
  for (const [name, value] of Object.entries(props) as [string, unknown][]) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value as EventListener)
    else if (name === 'key') element.setAttribute('data-key', String(value))
    else if (value === true) element.setAttribute(name, '')
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value))
  }
}

function shown(children: readonly Child[]): (Node | string)[] {
  return children.flatMap((child) => {
    if (child === undefined || child === null || child === false) return []
    return [typeof child === 'number' ? String(child) : child]
  })
}

const shownFor = new WeakMap<Element, string>()

/**
 * True where the element was drawn for something else. What stays the same is left alone: it would lose a click that is
 * under way, and play its entry once more.
 */
export function isNews(target: Element, ...facts: readonly unknown[]): boolean {
  const key = JSON.stringify(facts)
  if (shownFor.get(target) === key) return false
  shownFor.set(target, key)
  return true
}

/** Replaces what is inside. The element that had the focus is found again by its key. */
export function render(target: Element, ...children: readonly Child[]): void {
  const focused = document.activeElement
  const key = focused && target.contains(focused) ? focused.getAttribute('data-key') : null
  target.replaceChildren(...shown(children))
  if (key !== null) target.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`)?.focus()
}

/** The element of the page with this id. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id)
  if (element === null) throw new Error(`the page has no #${id}`)
  return element
}
