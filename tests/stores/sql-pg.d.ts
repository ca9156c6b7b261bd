/** As much of pg as these tests use; its types are a package of their own. */
declare module 'pg' {
  interface Answer {
    readonly rows: Record<string, unknown>[]
    readonly rowCount: number | null
  }

  export class Client {
    constructor(options: { readonly connectionString: string })
    connect(): Promise<void>
    query(text: string, values?: readonly unknown[]): Promise<Answer>
    on(event: string, listener: (...given: never[]) => void): this
    off(event: string, listener: (...given: never[]) => void): this
    end(): Promise<void>
  }

  export interface PoolClient extends Client {
    release(destroy?: boolean): void
  }

  export class Pool {
    constructor(options: { readonly connectionString: string; readonly max?: number })
    connect(): Promise<PoolClient>
    query(text: string, values?: readonly unknown[]): Promise<Answer>
    on(event: string, listener: (...given: never[]) => void): this
    end(): Promise<void>
  }
}
