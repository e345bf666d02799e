// graphql-codegen schema loader: the files of a comma-separated list, in that order. Its own loader reads them side by side
// and orders types by whichever came first, so that the outputs differed from run to run. See codegen.yml.
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { buildSchema } = require('graphql')

module.exports = files =>
  buildSchema(
    files
      .split(',')
      .map(file => readFileSync(join(__dirname, '..', file.trim()), 'utf8'))
      .join('\n'),
  )
