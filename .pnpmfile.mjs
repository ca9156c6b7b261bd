// What is published is what was built: neither the condition that leads to our sources nor what only we run.
function published(target) {
  if (typeof target !== 'object') return target
  const kept = Object.entries(target).filter(([condition]) => condition !== 'handstamp-source')
  return Object.fromEntries(kept.map(([condition, inner]) => [condition, published(inner)]))
}

export const hooks = {
  beforePacking({ scripts: _, devDependencies: __, ...manifest }) {
    const imports = manifest.imports && { imports: published(manifest.imports) }
    return { ...manifest, ...imports, exports: published(manifest.exports) }
  },
}
