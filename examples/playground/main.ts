/**
 * `npm start`: reads the flags, serves the playground, and ends when it is told to.
 * @module
 */
import { createApp } from './app.ts'
import { type Flags, help, readCommand } from './flags.ts'
import { type Listening, listen } from './listen.ts'
import { openBrowser } from './open-browser.ts'

/** The command line was wrong. */
const usage = 2

async function main(): Promise<void> {
  const command = readCommand(process.argv.slice(2))
  if (command.kind === 'help') {
    console.log(help)
    return
  }
  if (command.kind === 'problem') return fail(command.message, usage)
  await serve(command.flags)
}

async function serve(flags: Flags): Promise<void> {
  let listening: Listening
  try {
    listening = await listen(flags.port)
  } catch (error) {
    return fail(whyNotListening(error, flags.port), 1)
  }
  const origin = `http://localhost:${listening.port}`
  const app = await createApp(origin, flags).catch(async (error: unknown) => {
    await listening.close()
    if (error instanceof TypeError || error instanceof RangeError) return fail(error.message, usage)
    throw error
  })
  if (app === undefined) return
  listening.serve(app.fetch, origin)

  let ending = false
  const end = async () => {
    if (ending) return
    ending = true
    await listening.close()
    await app.close()
    process.exit(0)
  }
  process.on('SIGINT', end)
  process.on('SIGTERM', end)

  console.log(`ready ${origin}`)
  if (flags.open) openBrowser(origin)
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
