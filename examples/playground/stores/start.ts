/**
 * Makes the store that was asked for ready for every node: a server that is started for it, or one that is there.
 * @module
 */
import { kindOf, type StoreChoice, type StoreLeaf } from './stores.ts'

export interface StartedStore {
  readonly address: string
  stop(): Promise<void>
}

/** @throws Error with one line for people: not installed, or out of reach. */
export async function startStore({ kind, address }: StoreChoice): Promise<StartedStore> {
  const leaf = await kindOf(kind).leaf()
  const started = address === undefined ? await startLocal(leaf, kind) : { address, stop: async () => {} }
  try {
    await leaf.prepare?.(started.address)
  } catch (error) {
    await started.stop()
    throw new Error(
      `the store of --store ${kind} cannot be used (${whyNot(error)}): is it there, and does it let us in?`,
    )
  }
  return started
}

async function startLocal({ local }: StoreLeaf, kind: StoreChoice['kind']): Promise<StartedStore> {
  if (local === undefined) return { address: '', stop: async () => {} }
  if (!local.isInstalled()) {
    throw new Error(
      `there is no ${kind} server on this machine: ${local.install}, or name one with --store ${kindOf(kind).written}`,
    )
  }
  try {
    return await local.start()
  } catch (error) {
    throw new Error(`a ${kind} server cannot be started here: ${firstLine(error)}`)
  }
}

/** Not the message where there is a code: a driver's may hold the address with its password. */
function whyNot(error: unknown): string {
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: { readonly code?: unknown } }
  if (typeof cause?.code === 'string') return cause.code
  return typeof code === 'string' ? code : firstLine(error).slice(0, 80)
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : `${error}`).split('\n', 1)[0] ?? ''
}
