// graphql-codegen plugin: the schema's own text as a TypeScript constant. See codegen.yml.
const { readFileSync } = require('node:fs')
const { join } = require('node:path')

const text = readFileSync(join(__dirname, 'gateway.graphql'), 'utf8')
module.exports.plugin = () => `export const gatewaySdl = ${JSON.stringify(text)}\n`
