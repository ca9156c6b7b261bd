/**
 * The two expiries: without use, and after all.
 * @module
 */
import { deepEqual, equal } from 'node:assert/strict'
import { users } from '../application.ts'
import { type ContractCase, contractCase, isEmpty } from '../stage.ts'

export const expiryCases: readonly ContractCase[] = [
  contractCase('a session that was not used for a while ends', async ({ signedIn, facts, pass, sleep }) => {
    const used = await signedIn()
    pass(4)
    await used.client.refresh()
    pass(19, 50)
    // A token that has run out is not refreshed by anything but a refresh credential.
    const alive = !facts.expires || facts.refreshes
    deepEqual(await used.whoAmI(), alive ? users.ada : null, 'shortly before')

    const left = await signedIn()
    pass(4)
    await left.client.refresh()
    left.told.length = 0
    sleep(20, 6)
    equal(await left.whoAmI(), null, 'shortly after')
    equal(left.client.session, null, 'who is signed in')
    deepEqual(left.told, [null], 'what the listener was told')
    isEmpty(left, 'then')
  }),

  contractCase('a session in use lives to its lifetime, and not a moment longer', async ({ signedIn, pass, clock }) => {
    const ada = await signedIn()
    const end = clock() + 60 * 60_000
    for (let minutes = 4; minutes <= 56; minutes += 4) {
      pass(4)
      deepEqual(await ada.whoAmI(), users.ada, `whom the application sees after ${minutes} minutes`)
      equal(await ada.client.refresh(), true, `a refresh after ${minutes} minutes`)
    }
    pass(3, 55)
    deepEqual(await ada.whoAmI(), users.ada, 'whom the application sees shortly before its end')
    equal(ada.client.session?.expiresAt, end, 'when it ends')
    pass(0, 11)
    equal(await ada.whoAmI(), null, 'whom the application sees after its end')
    equal(ada.client.session, null, 'who is signed in')
    equal(await ada.client.refresh(), false, 'a refresh after its end')
    isEmpty(ada, 'then')
  }),

  contractCase('what has ended while the page was closed is nobody', async ({ signedIn, visit, pass }) => {
    const before = await signedIn()
    pass(61)
    const ada = visit(before.browser, before.tab)
    equal(await ada.client.load(), null, 'who is signed in')
    equal(await ada.whoAmI(), null, 'whom the application sees')
    isEmpty(ada, 'then')
  }),
]
