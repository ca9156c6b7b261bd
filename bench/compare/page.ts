/**
 * Prints what docs/compare.md shows: `node bench/compare/page.ts`.
 * @module
 */
import { latestComparison } from './files.ts'
import { comparisonPage } from './render.ts'

console.log(comparisonPage(latestComparison()))
