/**
 * A small shell that ends a server and removes its folder when the process that started it is gone, even by SIGKILL: the
 * pipe between the two closes then.
 * @module
 */
import { spawn } from 'node:child_process'

/** Reads which process runs at present, line by line; the end of the pipe is our end. */
const script = `
pid=
while read -r line; do
  case $line in
    done) exit ;;
    none) pid= ;;
    *) pid=$line ;;
  esac
done
if [ -n "$pid" ]; then kill -9 "$pid"; fi
for _ in 1 2 3 4 5; do
  rm -rf "$1" && exit
  sleep 1
done
`

export interface LastWatch {
  /** Which process is to be ended; undefined while none runs. */
  runs(pid: number | undefined): void
  /** Nothing is left to watch. */
  done(): void
}

/** Where there is no such shell, nobody watches. */
export function watchOver(folder: string): LastWatch {
  // In a group of its own, so that an interrupt from the terminal leaves it to its work.
  const shell = spawn('sh', ['-c', script, 'leave-nothing', folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: '/',
  })
  for (const each of [shell, shell.stdin]) each.on('error', () => {})
  shell.unref()
  ;(shell.stdin as typeof shell.stdin & { unref(): void }).unref()
  const say = (line: string) => void shell.stdin.write(`${line}\n`)
  return {
    runs: (pid) => say(pid === undefined ? 'none' : `${pid}`),
    done: () => say('done'),
  }
}
