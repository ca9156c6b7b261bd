/** The parts of peers without types of their own that the bench calls. */

declare module 'jsonwebtoken' {
  import type { KeyObject } from 'node:crypto'

  interface VerifyOptions {
    readonly algorithms: readonly string[]
    readonly issuer: string
    readonly audience: string
  }
  interface SignOptions {
    readonly algorithm: string
    readonly keyid: string
    readonly header: { readonly typ: string }
  }
  const jsonwebtoken: {
    verify(token: string, key: KeyObject, options: VerifyOptions): unknown
    sign(claims: object, key: KeyObject, options: SignOptions): string
  }
  // biome-ignore lint/style/noDefaultExport: the peer's own way
  export default jsonwebtoken
}

declare module 'express-session' {
  interface Options {
    readonly secret: string
    readonly resave: boolean
    readonly saveUninitialized: boolean
    readonly store: Store
  }
  export interface SessionData {
    readonly cookie: object
  }
  export class Store {
    set(id: string, session: object, done: (error?: unknown) => void): unknown
  }
  class MemoryStore extends Store {}
  type Middleware = (req: object, res: object, next: (error?: unknown) => void) => void
  const expressSession: ((options: Options) => Middleware) & { readonly MemoryStore: typeof MemoryStore }
  // biome-ignore lint/style/noDefaultExport: the peer's own way
  export default expressSession
}
