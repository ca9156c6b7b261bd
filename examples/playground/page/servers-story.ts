/**
 * Says what a run of requests showed, and why.
 * @module
 */
import type { Configuration } from '../configuration.ts'
import type { Answered } from './servers-run.ts'

export interface Story {
  readonly good: boolean
  readonly sum: string
  readonly why: string
  /** What it did to the page itself, if it is signed out by now. */
  readonly afterwards?: string
  readonly cost: string
}

export function tellRun(answers: readonly Answered[], configuration: Configuration): Story {
  const known = answers.filter(({ status }) => status === 200)
  const refused = answers.filter(({ status }) => status === 401)
  const sum = `Let in ${known.length} of ${answers.length} times.`
  const cost = costOf(answers)
  if (answers.length === 0) return { good: false, sum: 'No answer.', why: 'The server cannot be reached.', cost: '' }
  if (known.length === answers.length)
    return {
      good: true,
      sum,
      why: whyAll(answers, configuration),
      cost,
    }
  if (known.length > 0) {
    return {
      good: false,
      sum,
      why: `${names(known)} made the session and keeps it in its own memory. ${names(refused)} never heard of it, so whoever asks there is nobody: signed in, signed out, signed in. Make the balance sticky, share a store, or let a token bring the proof.`,
      afterwards: 'The page asked for itself meanwhile, met a node that does not know it, and is signed out by that.',
      cost,
    }
  }
  return {
    good: false,
    sum,
    why:
      refused.length === answers.length
        ? 'No node that answered knows this session: it has ended, or the one that keeps it was not asked. Send again to sign in anew.'
        : `The answer was ${[...new Set(answers.map(({ status }) => status))].join(' and ')}: nobody was asked who is there.`,
    cost,
  }
}

function whyAll(answers: readonly Answered[], { strategy, store, servers }: Configuration): string {
  const { nodes, shared, balance, feed } = servers
  const one = new Set(answers.map(({ node }) => node)).size === 1
  if (nodes === 1) return 'One node answered them all, so it does not matter where it keeps what it knows.'
  const signed =
    'Every node has the keys, verifies the token by itself, and looks nothing up: it does not matter who answers.'
  if (strategy === 'token') return signed
  if (strategy === 'hybrid')
    return shared
      ? signed
      : `${signed} But the record of the refresh token is in the memory of one node: a refresh that meets another one fails.`
  if (one && balance === 'sticky' && !shared)
    return `A cookie of the balancer brings this browser to ${names(answers)} each time, which keeps the session in its memory. If that node ends, everybody whom it let in is signed out.`
  if (strategy === 'token+store' && feed !== 'none') return `${signed} What has ended, the feed tells them.`
  const hits = answers.filter(({ cache }) => cache === 'hit').length
  const near = hits > 0 ? ` The near-caches knew it ${hits} times without asking.` : ''
  return `Every node finds the session in ${store}, whoever made it.${near}`
}

function costOf(answers: readonly Answered[]): string {
  const commands = answers.flatMap(({ commands: own }) => own)
  const kinds = [...new Set(commands)].map((name) => `${commands.filter((other) => other === name).length} × ${name}`)
  const cached = answers.filter(({ cache }) => cache !== undefined)
  const hits = cached.filter(({ cache }) => cache === 'hit').length
  const near = cached.length === 0 ? '' : ` Near-cache: ${hits} hits, ${cached.length - hits} misses.`
  return `Commands to the store: ${kinds.length === 0 ? 'none' : kinds.join(', ')}.${near}`
}

function names(answers: readonly Answered[]): string {
  const all = [...new Set(answers.map(({ node }) => node))].sort()
  const last = all.pop() ?? 'nobody'
  return all.length === 0 ? last : `${all.join(', ')} and ${last}`
}
