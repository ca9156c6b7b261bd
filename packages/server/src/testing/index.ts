/**
 * What tests of Handstamp, of a store of your own and of an application share; no test runner is needed.
 * @module
 */
export { type FakeClock, fakeClock, fakeClockStart } from './fake-clock.ts'
export { type Fault, type FaultPlan, type FaultStore, faultStore, type StoreCall } from './fault-store.ts'
export {
  type Bench,
  type ContractCase,
  contractCase,
  contractRecord,
  type OpenStore,
  type StoreSubject,
} from './store-contract/case.ts'
export { storeContract } from './store-contract.ts'
