/**
 * What tests of Handstamp, of a store of your own and of an application share; no test runner is needed.
 * @module
 */
export { type Agent, type AgentRequest, type AgentServer, createAgent } from './agent.ts'
export { type FakeClock, fakeClock, fakeClockStart } from './fake-clock.ts'
export { type Fault, type FaultPlan, type FaultStore, faultStore, type StoreCall } from './fault-store.ts'
export { type SignedInRequestOptions, signedInRequest } from './signed-in-request.ts'
export {
  type Bench,
  type ContractCase,
  contractCase,
  contractRecord,
  type OpenStore,
  type StoreSubject,
} from './store-contract/case.ts'
export { storeContract } from './store-contract.ts'
export type { StrategyCase, StrategySubject } from './strategy-contract/case.ts'
export { strategyContract } from './strategy-contract.ts'
