// Sets up and runs: `npm start`, `npm test`, `npm run test:matrix`, `npm run bench` and `npm run compare` on any Node ≥ 18
// with npm and nothing else.
// Plain JavaScript without dependencies, since it runs before there are any.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const cache = join(root, 'node_modules', '.cache', 'handstamp')
const color = process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }
const env = { ...process.env, ...color, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' }
/** No step may take longer. */
const limit = 10 * 60_000
const total = { passed: 0, failed: 0, skipped: 0 }

// ── Processes ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** The one child that runs at any time leads a group of its own, so that it and what it started end together. */
let child

function end(signal) {
  if (child === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // It ended by itself.
  }
}

let interrupted
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
]) {
  process.on(signal, () => {
    // Whoever asks twice does not want to wait for an orderly end.
    end(interrupted === undefined ? signal : 'SIGKILL')
    interrupted = code
    process.exitCode = code
    if (child === undefined) process.exit()
  })
}

/** Who started us: npm puts a shell between, which outlives it. */
function ancestors() {
  try {
    const shell = readFileSync(`/proc/${process.ppid}/stat`, 'utf8')
    return `${process.ppid} ${shell.slice(shell.lastIndexOf(')')).split(' ')[2]}`
  } catch {
    return `${process.ppid}`
  }
}

// npm that is killed tells nobody; its orphan would serve on.
if (process.env.npm_lifecycle_event !== undefined) {
  const before = ancestors()
  setInterval(() => {
    if (ancestors() === before) return
    end('SIGTERM')
    process.exit(143)
  }, 1000).unref()
}
process.on('exit', () => end('SIGKILL'))

/** Runs a command to its end. Without `show` its output is kept, to be printed only if it fails. */
function run(command, args, { show = false, extra = {} } = {}) {
  return new Promise((resolve, reject) => {
    const stdio = show ? 'inherit' : ['ignore', 'pipe', 'pipe']
    child = spawn(command, args, { cwd: root, env: { ...env, ...extra }, stdio, detached: true })
    let output = ''
    // No runner can interrupt a loop that never ends.
    const late = setTimeout(() => {
      output += `\n${command} was ended after ${limit / 60_000} minutes`
      end('SIGKILL')
    }, limit)
    if (show) clearTimeout(late)
    child.stdout?.setEncoding('utf8').on('data', (text) => (output += text))
    child.stderr?.setEncoding('utf8').on('data', (text) => (output += text))
    child.on('error', reject)
    // Its leader is gone: nothing else of the group may stay, or keep the pipes open.
    child.on('exit', () => end('SIGTERM'))
    child.on('close', (code) => {
      clearTimeout(late)
      child = undefined
      // A server that was asked to end and did so in order has not failed.
      if (interrupted !== undefined) process.exit(show && code === 0 ? 0 : interrupted)
      resolve({ code: code ?? 1, output })
    })
  })
}

// ── Progress ────────────────────────────────────────────────────────────────────────────────────────────────────────

const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`

/** Prints one line when a step ends, and a sign of life every 20 seconds until then. */
async function step(name, work) {
  const since = Date.now()
  const alive = setInterval(() => console.log(`  …  ${name} (${seconds(since)} so far)`), 20_000)
  try {
    const { ok, note = '', output = '', figures = [] } = await work()
    if (!ok) console.log(output.trimEnd())
    console.log(`${ok ? '  ok ' : 'FAIL '} ${name.padEnd(24)} ${seconds(since).padStart(8)}  ${note}`.trimEnd())
    if (ok) for (const figure of figures) console.log(`       ${figure}`)
    return ok
  } finally {
    clearInterval(alive)
  }
}

async function setUp(name, command, args) {
  let failed = false
  await step(name, async () => {
    const { code, output } = await run(command, args)
    failed = code !== 0
    return { ok: !failed, output }
  })
  if (failed) process.exit(1)
}

// ── Tools ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The versions that run TypeScript as it is and that the tools support. */
function nodeFits([major, minor]) {
  return (major === 22 && minor >= 18) || (major === 24 && minor >= 11) || major >= 26
}

/** Where npm keeps the packages asked for; fetched by npm once, remembered for the next time. */
async function fetched(packages) {
  const memory = join(cache, `${packages.join('+').replace(/[^\w+.-]/g, '_')}.path`)
  if (existsSync(memory)) {
    const bin = readFileSync(memory, 'utf8')
    if (existsSync(join(bin, 'node'))) return bin
  }
  let bin
  await step(`fetch ${packages.join(', ')}`, async () => {
    const wanted = packages.flatMap((name) => ['-p', name])
    const { code, output } = await run('npx', ['--yes', ...wanted, 'node', '-p', '"PATH=" + process.env.PATH'])
    const path = /^PATH=(.*)$/m.exec(output)?.[1] ?? ''
    bin = path.split(delimiter).find((entry) => entry.includes('_npx') && existsSync(join(entry, 'node')))
    return { ok: code === 0 && bin !== undefined, output }
  })
  if (bin === undefined) process.exit(1)
  mkdirSync(cache, { recursive: true })
  writeFileSync(memory, bin)
  return bin
}

async function tools() {
  const { stdout } = spawnSync('pnpm', ['--version'], { cwd: root, env, encoding: 'utf8' })
  const fits = nodeFits(process.versions.node.split('.').map(Number)) && /^12\./.test(stdout ?? '')
  const bins = [join(root, 'node_modules', '.bin')]
  if (!fits) bins.push(await fetched(['node@24', 'pnpm@12']))
  env.PATH = [...bins, env.PATH].join(delimiter)
}

/** Everything that decides what is installed. */
function wanted() {
  const hash = createHash('sha256')
  const folders = ['packages', 'examples'].flatMap((parent) =>
    existsSync(join(root, parent)) ? readdirSync(join(root, parent)).map((name) => join(parent, name)) : [],
  )
  const files = ['.', 'tests', 'bench', 'local-servers', ...folders].map((folder) => join(folder, 'package.json'))
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', ...files]) {
    if (existsSync(join(root, file))) hash.update(file).update(readFileSync(join(root, file)))
  }
  return hash.digest('hex')
}

async function install() {
  const memory = join(cache, 'installed')
  const hash = wanted()
  if (existsSync(memory) && readFileSync(memory, 'utf8') === hash) return
  await setUp('install', 'pnpm', ['install', '--frozen-lockfile'])
  mkdirSync(cache, { recursive: true })
  writeFileSync(memory, hash)
}

const chromium = {
  name: 'chromium',
  files: ['chromium', 'chromium-browser', 'google-chrome'],
  packages: ['chromium', 'fonts-liberation'],
}

/** Programs that the tests start: where each may be, and Debian's packages of it. */
const programs = [
  { name: 'redis', files: ['redis-server', 'valkey-server'], packages: ['redis-server'] },
  { name: 'memcached', files: ['memcached'], packages: ['memcached'] },
  { name: 'postgres', files: ['postgres', 'initdb'], packages: ['postgresql'] },
  { name: 'mariadb', files: ['mariadbd', 'mysqld'], packages: ['mariadb-server'] },
  chromium,
]

function fileOf({ files }) {
  const postgres = '/usr/lib/postgresql'
  const versions = existsSync(postgres) ? readdirSync(postgres).map((version) => join(postgres, version, 'bin')) : []
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    '/usr/bin',
    '/usr/sbin',
    '/usr/local/sbin',
    ...versions,
  ]
  return folders.flatMap((folder) => files.map((file) => join(folder, file))).find((file) => existsSync(file))
}

/** Debian starts a server when it installs one, unless this file says no; what is there already stays as it is. */
const apt = `
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d
  fi
  apt-get update && apt-get install -y --no-install-recommends "$@"`

/** The real servers and the browser. One that is missing is installed where that is possible, else what needs it is skipped. */
async function installPrograms(needed = programs) {
  const absent = () => needed.filter((program) => fileOf(program) === undefined && !isGiven(program))
  const missing = absent()
  if (missing.length > 0 && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    await step(`install ${missing.map(({ name }) => name).join(', ')}`, async () => {
      const packages = missing.flatMap((program) => program.packages)
      const extra = { DEBIAN_FRONTEND: 'noninteractive' }
      const { output } = await run('sh', ['-c', apt, 'apt', ...packages], { extra })
      return { ok: absent().length === 0, output }
    })
  }
  for (const { name, packages } of absent()) {
    console.log(`SKIP  What needs ${name} is skipped: it is not here, and could not be installed.`)
    console.log(`      On Debian: apt-get install ${packages.join(' ')}`)
  }
  env.HANDSTAMP_CHROMIUM ??= fileOf(chromium) ?? ''
}

/** `HANDSTAMP_CHROMIUM` names a browser, an empty one none; `HANDSTAMP_NO_SERVERS` says that there are to be none. */
function isGiven({ name }) {
  return name === chromium.name ? env.HANDSTAMP_CHROMIUM !== undefined : Boolean(env.HANDSTAMP_NO_SERVERS)
}

// ── Checks ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A check counts as one test. */
async function check(name, command, args) {
  const ok = await step(name, async () => {
    const { code, output } = await run(command, args)
    return { ok: code === 0, output }
  })
  if (ok) total.passed += 1
  else total.failed += 1
}

const counted = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`

/** Adds up what Vitest itself reports; a file that does not load, or a run that breaks off, is a failure too. */
async function vitest(name, projects, flags, { node = 'node', extra = {} } = {}) {
  const report = join(cache, `vitest-${name.replace(/\W+/g, '-')}.json`)
  rmSync(report, { force: true })
  const script = join(root, 'node_modules', 'vitest', 'vitest.mjs')
  const chosen = projects.flatMap((project) => ['--project', project])
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  await step(name, async () => {
    // Where whoever runs it wants some of the tests, a project may have none of them; else none is a file that was renamed.
    const none = process.argv.length > 3 ? ['--passWithNoTests'] : []
    const args = [script, 'run', ...none, ...chosen, ...reporters, ...flags]
    const { code, output } = await run(node, args, { extra })
    const count = { passed: 0, failed: 0, skipped: 0 }
    if (existsSync(report)) {
      const result = JSON.parse(readFileSync(report, 'utf8'))
      const broken = result.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
      count.passed = result.numPassedTests
      count.failed = result.numFailedTests + broken.length
      // What a name leaves out is not meant to run.
      count.skipped = flags.includes('-t') ? 0 : result.numPendingTests + result.numTodoTests
    }
    if (code !== 0 && count.failed === 0) count.failed = 1
    for (const key of Object.keys(total)) total[key] += count[key]
    return { ok: count.failed === 0, note: counted(count), output, figures: figuresIn(output) }
  })
}

/** What tests print of themselves: the lines under each of Vitest's headings for it. */
function figuresIn(output) {
  return [...output.matchAll(/^stdout \| .*\n((?:.+\n)+)/gm)].flatMap(([, lines]) => lines.trimEnd().split('\n'))
}

function hasTests(folder) {
  if (!existsSync(join(root, folder))) return false
  return readdirSync(join(root, folder), { withFileTypes: true }).some((entry) =>
    entry.isDirectory()
      ? entry.name !== 'node_modules' && hasTests(join(folder, entry.name))
      : entry.name.endsWith('.test.ts'),
  )
}

/** The areas of tests/, each a Vitest project of that name; what is heavy belongs to the matrix. */
function areas() {
  const entries = existsSync(join(root, 'tests')) ? readdirSync(join(root, 'tests'), { withFileTypes: true }) : []
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return names.filter((name) => name !== 'matrix' && name !== 'node_modules' && hasTests(join('tests', name)))
}

// ── Commands ────────────────────────────────────────────────────────────────────────────────────────────────────────

const units = ['core', 'server', 'client']

const commands = {
  async start(flags) {
    const main = join('examples', 'playground', 'main.ts')
    const { code } = await run('node', ['--conditions=handstamp-source', main, ...flags], { show: true })
    process.exitCode = code
  },

  async test(flags) {
    await installPrograms()
    await check('lint', 'biome', ['check', '--error-on-warnings', '.'])
    await check('typecheck', 'turbo', ['run', 'typecheck', '--continue', '--output-logs=errors-only'])
    await check('exports', 'node', ['scripts/check-exports.mjs'])
    await check('imports', 'pnpm', ['run', 'check:imports'])
    await check('knip', 'knip', [])
    await check('build', 'turbo', ['run', 'build', '--output-logs=errors-only'])
    await check('packages', 'node', ['scripts/check-packages.mjs'])
    await check('size', 'size-limit', [])
    await vitest('unit tests', units, flags)
    await vitest('both engines', ['differential'], flags)
    if (hasTests(join('examples', 'playground'))) await vitest('playground', ['playground'], flags)
    if (hasTests('bench')) await vitest('bench', ['bench'], flags)
    await vitest('local servers', ['local-servers'], flags)
    for (const area of areas()) await vitest(`tests/${area}`, [area], flags)
  },

  async matrix(flags) {
    await installPrograms()
    for (const version of ['22', '24', '26']) {
      const bin = await fetched([`node@${version}`])
      // Each file in a process of its own here, so that none passes by the grace of one before it.
      await vitest(`unit tests, Node ${version}`, units, ['--isolate', ...flags], { node: join(bin, 'node') })
    }
    // As many as three minutes allow, which on two cores is some millions of them.
    const extra = { HANDSTAMP_DIFFERENTIAL: '10000000', HANDSTAMP_DIFFERENTIAL_SECONDS: '200' }
    await vitest('both engines, at length', ['differential'], flags, { extra })
    const fuzz = { HANDSTAMP_FUZZ: '10000000', HANDSTAMP_FUZZ_SECONDS: '100' }
    await vitest('fuzz, at length', ['security'], ['security/fuzz.test.ts', ...flags], { extra: fuzz })
    const floods = ['security/process.test.ts', 'security/sessions.test.ts', '-t', '^(R13|C20|J11): ']
    const crowds = { HANDSTAMP_FLOOD: '1000000', HANDSTAMP_COME_AND_GO: '2' }
    await vitest('floods, at length', ['security'], [...floods, ...flags], { extra: crowds })
    const staleness = { HANDSTAMP_STALENESS: '2500' }
    await vitest('staleness, at length', ['feeds'], ['feeds/staleness.test.ts', ...flags], { extra: staleness })
    const faults = {
      outage: { HANDSTAMP_OUTAGE: '5' },
      fire: { HANDSTAMP_FIRE: '1000' },
      'rotate-kills': { HANDSTAMP_KILLS: '100' },
      'memory-heap': { HANDSTAMP_MEMORY: '1000000' },
      'load-outage': { HANDSTAMP_LOAD_OUTAGE: '30' },
      'load-restart': { HANDSTAMP_LOAD_RESTART: '3' },
      'load-sigterm': { HANDSTAMP_LOAD_SIGTERM: '2' },
      'rolling-deploy': { HANDSTAMP_ROLLING: '2' },
    }
    for (const [name, extra] of Object.entries(faults))
      await vitest(`${name}, at length`, ['stores'], [`stores/${name}.test.ts`, ...flags], { extra })
    for (const file of readdirSync(join(root, 'tests', 'matrix')).filter((name) => name.endsWith('.test.ts')))
      await vitest(`matrix/${file.replace('.test.ts', '')}`, ['matrix'], [`matrix/${file}`, ...flags])
  },

  async bench(flags) {
    const main = join('bench', 'main.ts')
    const { code } = await run('node', ['--conditions=handstamp-source', '--expose-gc', main, ...flags], { show: true })
    process.exitCode = code
  },

  async compare(flags) {
    await installPrograms(programs.filter((program) => program !== chromium))
    const main = join('bench', 'compare', 'main.ts')
    const { code } = await run('node', ['--conditions=handstamp-source', '--no-warnings', main, ...flags], {
      show: true,
    })
    process.exitCode = code
  },
}

const [name, ...flags] = process.argv.slice(2)
const command = commands[name]
if (command === undefined) {
  console.error(`Usage: node scripts/bootstrap.mjs ${Object.keys(commands).join('|')} [flags]`)
  process.exit(2)
}
// Whoever asks for JSON reads standard output.
if (name === 'bench' || name === 'compare') console.log = console.error
const since = Date.now()
await tools()
await install()
await command(flags)
if (name === 'test' || name === 'matrix') {
  console.log(`       ${name} took ${seconds(since)}`)
  console.log(counted(total))
  if (total.failed > 0) process.exitCode = 1
}
