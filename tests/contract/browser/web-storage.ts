/**
 * A Web Storage area: texts by name, as the HTML Standard has it.
 * @module
 */

export function createWebStorage(entries: Iterable<readonly [string, string]> = []): Storage {
  const texts = new Map(entries)
  return {
    get length() {
      return texts.size
    },
    key: (index) => [...texts.keys()][index] ?? null,
    getItem: (name) => texts.get(name) ?? null,
    setItem: (name, value) => void texts.set(name, String(value)),
    removeItem: (name) => void texts.delete(name),
    clear: () => texts.clear(),
  }
}

/** All texts of an area. */
export function textsOf(area: Storage): string[] {
  return Array.from({ length: area.length }, (_, index) => area.getItem(area.key(index) ?? '') ?? '')
}
