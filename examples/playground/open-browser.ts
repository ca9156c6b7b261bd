/**
 * Opens the user's browser where there is one; where there is none, nothing happens.
 * @module
 */
import { spawn } from 'node:child_process'
import { platform } from 'node:os'

export function openBrowser(url: string): void {
  const [command, ...args] = commandOf(url)
  try {
    const child = spawn(command, args, { stdio: 'ignore', detached: true })
    child.on('error', () => {})
    child.unref()
  } catch {
    // The address was printed: people open it themselves.
  }
}

function commandOf(url: string): readonly [string, ...string[]] {
  if (platform() === 'darwin') return ['open', url]
  if (platform() === 'win32') return ['cmd', '/c', 'start', '""', url]
  return ['xdg-open', url]
}
