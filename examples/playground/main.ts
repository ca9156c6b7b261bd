/**
 * `npm start`: reads the flags, serves the playground, and ends when it is told to.
 * @module
 */
import { type Flags, help, readCommand } from './flags.ts'
import { type Listening, listen } from './listen.ts'
import { openBrowser } from './open-browser.ts'
import { serve } from './serve.ts'
import { startStore } from './stores/start.ts'

/** The command line was wrong. */
const usage = 2

async function main(): Promise<void> {
  const command = readCommand(process.argv.slice(2))
  if (command.kind === 'help') {
    console.log(help)
    return
  }
  if (command.kind === 'problem') return fail(command.message, usage)
  await start(command.flags)
}

async function start(flags: Flags): Promise<void> {
  const closers: (() => Promise<void>)[] = []
  let ending = false
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer().catch(() => {})
  }
  const end = async () => {
    if (ending) return
    ending = true
    await close()
    process.exit(0)
  }
  process.on('SIGINT', end)
  process.on('SIGTERM', end)

  let listening: Listening
  try {
    listening = await listen(flags.port)
  } catch (error) {
    return fail(whyNotListening(error, flags.port), 1)
  }
  const origin = `http://localhost:${listening.port}`
  try {
    const store = await startStore(flags.store)
    closers.push(store.stop)
    const serving = await serve(listening, origin, flags, store.address)
    closers.push(serving.close)
  } catch (error) {
    await listening.close()
    await close()
    return fail(error instanceof Error ? error.message : 'it cannot be opened', isUsage(error) ? usage : 1)
  }
  // What is being answered ends before those who answer it.
  closers.push(listening.close)

  console.log(`ready ${origin}`)
  if (flags.open) openBrowser(origin)
}

function isUsage(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError
}

function whyNotListening(error: unknown, port: number): string {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE')
    return `port ${port} is busy: end what listens there, or choose another with --port (0 picks a free one)`
  if (code === 'EACCES') return `port ${port} is not allowed: choose one from 1024 on with --port`
  return `port ${port} cannot be used (${code ?? 'unknown error'}): choose another with --port`
}

function fail(message: string, code: number): undefined {
  console.error(`playground: ${message}`)
  process.exitCode = code
}

await main()
