import { holdToContract } from './hold.ts'

holdToContract('session')
