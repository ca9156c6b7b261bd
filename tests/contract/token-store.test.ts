import { holdToContract } from './hold.ts'

holdToContract('token+store')
