import { holdHalf } from './file-kills.ts'

holdHalf(true)
