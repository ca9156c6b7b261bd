/**
 * Prints what docs/benchmarks.md shows: `node bench/page.ts`.
 * @module
 */
import { latestResults } from './render/files.ts'
import { page } from './render/page.ts'

console.log(page(latestResults()))
