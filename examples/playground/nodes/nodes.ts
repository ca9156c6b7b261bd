/**
 * Starts the nodes as processes, passes their news on, and ends them.
 * @module
 */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type AskedNode, createEnds, type End, type Ends, probe } from '../ends/ends.ts'
import type { Flags } from '../flags.ts'
import { nameOf, type Place } from '../place.ts'
import { createForwarding, type Forwarding } from './forward.ts'
import type { FromNode, ToNode } from './node.ts'

export interface RunningNode {
  readonly name: string
  readonly pid: number
  readonly port: number
  /** False once its process has ended. */
  readonly alive: boolean
}

export interface Nodes {
  readonly all: readonly RunningNode[]
  /** How they answer to what has ended. */
  ends(): readonly End[]
  close(): Promise<void>
}

const file = fileURLToPath(new URL('node.ts', import.meta.url))
/** A node that does not end by itself is ended. */
const patience = 3_000

/**
 * As many nodes as the place says, of one origin.
 *
 * @throws TypeError where the configuration is refused, Error where a node cannot be opened.
 */
export async function startNodes(origin: string, flags: Flags, place: Place): Promise<Nodes> {
  const children = Array.from({ length: place.nodes }, () =>
    fork(file, [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
  )
  const forwarding = createForwarding()
  let ends: Ends | undefined
  async function close(): Promise<void> {
    ends?.close()
    forwarding.close()
    await Promise.all(children.map(end))
  }
  // Whatever ends this process: a channel that closes tells its node.
  for (const child of children)
    child.on('message', (message: FromNode) => {
      if (message.type === 'held') ends?.held(message.held)
      else if (message.type === 'ended') ends?.ended(message.ended)
      else pass(message, child, children)
    })
  try {
    const seed = Buffer.from(place.seed).toString('base64url')
    const all = await Promise.all(
      children.map((child, index) => {
        const name = nameOf(index)
        return opened(child, name, { type: 'open', origin, flags, place: { ...place, name, seed } })
      }),
    )
    ends = createEnds(all.map((node) => asked(node, forwarding)))
    return { all, ends: ends.view, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Asked by a connection to itself, past the balancer. */
function asked({ name, port }: RunningNode, { send }: Forwarding): AskedNode {
  return {
    name,
    ask: (headers) =>
      new Promise((resolve, reject) => {
        const host = ['Host', `127.0.0.1:${port}`]
        const request = send({
          port,
          method: 'GET',
          path: probe.path,
          headers: [...host, ...Object.entries(headers).flat()],
        })
        request.once('error', reject)
        request.once('response', (answer) => {
          answer.resume()
          resolve(answer.statusCode ?? 0)
        })
        request.end()
      }),
  }
}

function opened(child: ChildProcess, name: string, message: ToNode): Promise<RunningNode> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => reject(new Error(`${name} ended with ${signal ?? code}`)))
    child.on('message', (answer: FromNode) => {
      if (answer.type === 'problem') reject(new (answer.usage ? TypeError : Error)(answer.message))
      if (answer.type !== 'ready') return
      // Told late, since a signal to all of us ends the nodes before their parent.
      child.once('exit', () =>
        setTimeout(() => console.error(`playground: ${name} ended, the others go on`), 1_000).unref(),
      )
      resolve({
        name,
        pid: child.pid ?? 0,
        port: answer.port,
        get alive() {
          return child.connected
        },
      })
    })
    child.send(message)
  })
}

function pass(message: FromNode, from: ChildProcess, children: readonly ChildProcess[]): void {
  if (message.type !== 'note' && message.type !== 'found') return
  for (const child of children) if (child !== from && child.connected) child.send(message satisfies ToNode)
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.removeAllListeners('exit')
    const impatient = setTimeout(() => child.kill('SIGKILL'), patience)
    child.once('exit', () => {
      clearTimeout(impatient)
      resolve()
    })
    if (child.connected) child.disconnect()
    else child.kill()
  })
}
