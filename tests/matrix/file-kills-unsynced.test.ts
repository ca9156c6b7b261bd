import { holdHalf } from './file-kills.ts'

holdHalf(false)
