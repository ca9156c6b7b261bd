/**
 * Owns values that are there at once with one engine and later with another.
 * @module
 */

/** A value or a promise of it. `await` takes either; {@link after} goes on without a turn of the loop where it can. */
export type Eventual<T> = T | Promise<T>

/**
 * Answers what `next` makes of the value: at once when it is there, else as a promise. A throw of `next` stays a throw
 * in the first case and is a rejection in the second, so a caller that answers an Eventual says that it may do either.
 *
 * @example
 * ```ts
 * after(1, (one) => one + 1) // 2
 * ```
 */
export function after<T, U>(value: Eventual<T>, next: (value: T) => Eventual<U>): Eventual<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}
