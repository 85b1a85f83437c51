#!/usr/bin/env node
process.stdout.write('llmsim 0.1.0\n')
