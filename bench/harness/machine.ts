/**
 * What is told of the machine that a run was made on: nothing that names it or its owner.
 * @module
 */
import { availableParallelism, cpus, release, type } from 'node:os'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly os: string
  readonly node: string
  readonly openssl: string
}

export function thisMachine(): Machine {
  return {
    cpu: (cpus()[0]?.model ?? 'unknown').replace(/\s+/g, ' ').trim(),
    cores: availableParallelism(),
    os: `${type()} ${/^\d+\.\d+/.exec(release())?.[0] ?? ''}`.trim(),
    node: process.versions.node,
    openssl: process.versions.openssl,
  }
}
