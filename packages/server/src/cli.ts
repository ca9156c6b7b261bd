#!/usr/bin/env node
/**
 * The command line of `npx @handstamp/server`: prints what command.ts answers.
 * @module
 */
import { runCommand } from './command.ts'

const { exitCode, out, err } = runCommand(process.argv.slice(2))
process.stdout.write(out)
process.stderr.write(err)
process.exitCode = exitCode
