/**
 * The browser that every client of the bench claims to be.
 * @module
 */

export const browser = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'
