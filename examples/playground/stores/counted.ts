/**
 * Counts what goes to a store, in front of the store or of its database, and what a near-cache could answer by itself.
 * @module
 */
import type { SessionStore } from '@handstamp/server'
import type { CachedStore } from '@handstamp/server/stores/cached'
import type { SqlDatabase, SqlQuery } from '@handstamp/server/stores/sql'

type Told = (command: string) => void

/** The calls, for a store that has no other commands. */
export function countedStore(store: SessionStore, told: Told): SessionStore {
  const counted =
    <A extends unknown[], R>(name: string, call: (...given: A) => R) =>
    (...given: A): R => {
      told(name)
      return call(...given)
    }
  return {
    singleProcess: store.singleProcess === true,
    find: counted('find', store.find),
    save: counted('save', store.save),
    replace: counted('replace', store.replace),
    delete: counted('delete', store.delete),
    listByUser: counted('listByUser', store.listByUser),
    deleteByUser: counted('deleteByUser', store.deleteByUser),
    sweep: counted('sweep', store.sweep),
  }
}

/** The statements, by their first word; BEGIN and COMMIT are the driver's own. */
export function countedDatabase({ dialect, query, transaction }: SqlDatabase, told: Told): SqlDatabase {
  const counted =
    (ask: SqlQuery): SqlQuery =>
    (text, parameters) => {
      told(/\w+/.exec(text)?.[0].toUpperCase() ?? '')
      return ask(text, parameters)
    }
  return { dialect, query: counted(query), transaction: (work) => transaction((ask) => work(counted(ask))) }
}

/** Tells of each question whether the cache knew. */
export function watchedCache(cache: CachedStore, told: (outcome: 'hit' | 'miss') => void): SessionStore {
  return {
    ...cache,
    find(id, options) {
      const before = cache.stats.hits
      const answer = cache.find(id, options)
      if (options?.cached === true) told(cache.stats.hits > before ? 'hit' : 'miss')
      return answer
    },
  }
}
