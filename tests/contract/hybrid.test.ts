import { holdToContract } from './hold.ts'

holdToContract('hybrid')
