// graphql-codegen plugin: the text of one .graphql file as a TypeScript constant. See codegen.yml.
const { readFileSync } = require('node:fs')
const { join } = require('node:path')

module.exports.plugin = (_schema, _documents, { file, name }) =>
  `export const ${name} = ${JSON.stringify(readFileSync(join(__dirname, '..', file), 'utf8'))}\n`
