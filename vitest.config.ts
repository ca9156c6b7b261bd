import { defaultClientConditions, defaultServerConditions } from 'vite'
import { defineConfig } from 'vitest/config'

const source = 'handstamp-source'

function unit(name: string): object {
  return {
    extends: true,
    test: { name, root: `packages/${name}`, include: ['test/**/*.test.ts'], testTimeout: 5_000 },
  }
}

export default defineConfig({
  resolve: { conditions: [source, ...defaultClientConditions] },
  ssr: { resolve: { conditions: [source, ...defaultServerConditions] } },
  test: {
    projects: [unit('core'), unit('server'), unit('client')],
  },
})
