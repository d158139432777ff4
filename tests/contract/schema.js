// SPDX-License-Identifier: MIT
// Judge 1: does every answer of the stand-in agree with the OpenAPI schema that Cloudflare publishes?
// Usage: node schema.js BASE TOKEN ZONE, with the schema's path in CUTOVER_CF_SCHEMA.
'use strict';

const fs = require('fs');
const Ajv = require('ajv');
const addFormats = require('ajv-formats');
const { arm, base, judge, report, token, zoneName } = require('./judge.js');

// Where the real API is known to differ from its own schema. Nothing else is forgiven.
const REAL_API_DIFFERS = [
  /^(\/result\/\S+)?\/comment must be string/,          // null when there is none
  /must have required property 'data'/,                 // absent from records without data
  /\/owner\/(id|email) must be string/,                 // null on zones of accounts
  /\/errors\/0\/code must be >= 1000/,                  // 971, the rate limit
];

const spec = JSON.parse(fs.readFileSync(process.env.CUTOVER_CF_SCHEMA, 'utf8'));
const schemas = spec.components.schemas;
const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addFormat('hostname', /^[A-Za-z0-9_.-]+$/); // records have names with underscores
ajv.addSchema({ $id: 'cf', components: spec.components });

const ref = (name) => ({ $ref: `cf#/components/schemas/${name}` });
const absolute = (schema) => JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"cf#/components'));
const recordBase = schemas['dns-records_dns-record-response'];
const RECORD = { type: 'object', required: recordBase.required, properties: absolute(recordBase.properties) };
const FAILURE = ref('dns-records_api-response-common-failure');
const SUCCESS = {
  type: 'object',
  required: ['success', 'errors', 'messages', 'result'],
  properties: { success: { const: true }, errors: ref('dns-records_messages'), messages: { type: 'array' } },
};
const PAGE_INFO = {
  ...absolute(schemas['dns-records_dns_response_collection'].properties.result_info),
  required: ['page', 'per_page', 'count', 'total_count', 'total_pages'],
};

function violations(schema, value) {
  const validate = ajv.compile(schema);
  if (validate(value)) return [];
  return validate.errors
    .map((e) => `${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`)
    .filter((text) => !REAL_API_DIFFERS.some((known) => known.test(text)));
}

/** The schema of a record is chosen by its type: the published anyOf over 21 types explains nothing. */
function recordViolations(record) {
  const own = `dns-records_${record.type}Record`;
  if (!schemas[own]) return [`unknown type ${record.type}`];
  return [...violations(ref(own), record), ...violations(RECORD, record)];
}

/** Call, then report everything that is wrong with the answer; `more` adds checks of its own. */
async function call(method, path, { body, status = 200, as = token, more = () => [] } = {}) {
  const answer = await fetch(base + path, {
    method,
    headers: { authorization: `Bearer ${as}`, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const value = await answer.json();
  const problems = violations(status === 200 ? SUCCESS : FAILURE, value);
  if (answer.status !== status) problems.push(`status ${answer.status}, expected ${status}: ${JSON.stringify(value)}`);
  if (answer.headers.get('content-type') !== 'application/json') problems.push('not application/json');
  if (!/^"[^"]+";r=\d+;t=\d+$/.test(answer.headers.get('ratelimit'))) problems.push('no Ratelimit header');
  if (!/^"[^"]+";q=\d+;w=\d+$/.test(answer.headers.get('ratelimit-policy'))) problems.push('no Ratelimit-Policy header');
  problems.push(...(answer.status === status ? more(value, answer) : []));
  const shape = path.replace(/[0-9a-f]{32}/g, '{id}').replace(/\?.*/, '');
  report(`schema: ${method} ${shape} ${status}${body ? ` ${Object.keys(body)}` : ''}`, problems);
  return value.result;
}

const isRecord = { more: (value) => recordViolations(value.result) };
const isPage = { more: (value) => [...value.result.flatMap(recordViolations), ...violations(PAGE_INFO, value.result_info)] };

judge(async () => {
  await call('GET', '/user/tokens/verify', {
    more: (value) => violations(ref('iam_token_verify_response_single_segment'), value),
  });
  const zones = await call('GET', `/zones?name=${zoneName}`, {
    more: (value) => [...value.result.flatMap((zone) => violations(ref('zones_zone'), zone)),
      ...violations({ ...ref('zones_result_info') }, value.result_info)],
  });
  await call('GET', `/zones/${zones[0].id}`, { more: (value) => violations(ref('zones_zone'), value.result) });
  const records = `/zones/${zones[0].id}/dns_records`;

  const made = [];
  for (const body of [
    { type: 'A', name: `db.${zoneName}`, content: '192.0.2.1', ttl: 60, proxied: false },
    { type: 'A', name: `www.${zoneName}`, content: '192.0.2.1', ttl: 1, proxied: true },
    { type: 'AAAA', name: `db.${zoneName}`, content: '2001:db8::1', ttl: 60 },
    { type: 'CNAME', name: `ro.${zoneName}`, content: `db.${zoneName}`, ttl: 60, comment: 'run 1' },
    { type: 'TXT', name: `_c.${zoneName}`, content: '"epoch=1"', ttl: 60 },
    { type: 'SRV', name: `_mysql._tcp.${zoneName}`, ttl: 60,
      data: { priority: 1, weight: 1, port: 3306, target: `db.${zoneName}` } },
  ]) made.push((await call('POST', records, { body, ...isRecord })).id);
  const [db, , db6, , txt] = made;

  await call('GET', records, isPage);
  await call('GET', `${records}?name=db.${zoneName}&type=A&per_page=1`, isPage);
  await call('GET', `${records}/${db}`, isRecord);
  await call('PATCH', `${records}/${db}`, { body: { content: '192.0.2.3' }, ...isRecord });
  await call('PUT', `${records}/${db}`, {
    body: { type: 'A', name: `db.${zoneName}`, content: '192.0.2.4', ttl: 60 }, ...isRecord });
  await call('POST', `${records}/batch`, {
    body: {
      deletes: [{ id: txt }],
      patches: [{ id: db, content: '192.0.2.5' }],
      puts: [{ id: db6, type: 'AAAA', name: `db.${zoneName}`, content: '2001:db8::2', ttl: 60 }],
      posts: [{ type: 'TXT', name: `_d.${zoneName}`, content: '"x"', ttl: 60 }],
    },
    more: (value) => [...violations(ref('dns-records_dns_response_batch'), { ...value, result: {} }),
      ...Object.values(value.result).flat().flatMap(recordViolations)],
  });
  await call('POST', `${records}/batch`, {
    body: { patches: [{ id: db, content: '192.0.2.6' }, { id: 'f'.repeat(32) }] }, status: 404 });
  await call('GET', `${records}/${db}`, {
    more: (value) => (value.result.content === '192.0.2.5' ? [] : ['the failed batch was not undone']) });

  const a = { type: 'A', name: `q.${zoneName}`, content: '192.0.2.1', ttl: 60 };
  await call('POST', records, { body: { ...a, content: 'nonsense' }, status: 400 });
  await call('POST', records, { body: { ...a, ttl: 30 }, status: 400 });
  await call('POST', records, { body: { ...a, tags: ['a:b'] }, status: 400 });
  await call('POST', records, { body: { ...a, name: `db.${zoneName}`, content: '192.0.2.5' }, status: 400 });
  await call('GET', `${records}/${'e'.repeat(32)}`, { status: 404 });
  await call('GET', '/zones/x/dns_records', { status: 404 });
  await call('POST', `${records}/${db}`, { status: 405 });
  await call('GET', records, { as: 'nobody', status: 403 });
  await call('GET', '/user/tokens/verify', { as: 'nobody', status: 401 });
  await call('DELETE', `${records}/${db}`, {
    more: (value) => violations({ type: 'object', required: ['id'] }, value.result) });
  await arm({ kind: '429', retry_after: 3 });
  await call('GET', '/zones', {
    status: 429, more: (_, answer) => (answer.headers.get('retry-after') === '3' ? [] : ['no retry-after']) });
  await arm({ kind: 'status', status: 503 });
  await call('GET', '/zones', { status: 503 });
});
