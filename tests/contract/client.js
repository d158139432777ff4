// SPDX-License-Identifier: MIT
// Judge 2: does Cloudflare's own client, which knows nothing of the stand-in, get along with it?
// Usage: node client.js BASE TOKEN ZONE
'use strict';

const assert = require('assert');
const Cloudflare = require('cloudflare');
const { arm, base, judge, report, token, zoneName } = require('./judge.js');

const client = (maxRetries) =>
  new Cloudflare({ apiToken: token, apiKey: null, apiEmail: null, baseURL: base, maxRetries });
const once = client(0);

/** Run `act`, hand what it returned to `expect`; the first that throws fails the check. */
async function check(what, act, expect = () => {}) {
  try {
    const result = await act();
    expect(result);
    report(`client: ${what}`, []);
    return result;
  } catch (error) {
    report(`client: ${what}`, [String(error.message)]);
    return {};
  }
}

/** `act` must be refused with this status and this code, wherever the code is. */
function refused(what, status, code, act) {
  return check(what, () => act().then(() => assert.fail('it was not refused'), (error) => error), (error) => {
    assert.strictEqual(error.status, status);
    const codes = error.errors.flatMap((e) => [e.code, ...(e.error_chain ?? []).map((inner) => inner.code)]);
    assert(codes.includes(code), `codes ${codes}, expected ${code}`);
  });
}

async function all(pages) {
  const found = [];
  for await (const item of pages) found.push(item);
  return found;
}

/** What every record must carry, and what this one must say. */
function says(expected) {
  return (record) => {
    for (const field of ['id', 'name', 'type', 'content', 'ttl', 'proxied', 'created_on', 'modified_on']) {
      assert(field in record, `no ${field} in ${JSON.stringify(record)}`);
    }
    for (const [field, value] of Object.entries(expected)) assert.deepStrictEqual(record[field], value, field);
  };
}

judge(async () => {
  await check('the token is active', () => once.user.tokens.verify(), (t) => assert.strictEqual(t.status, 'active'));
  const [zone] = await check('a zone is found by its name', () => all(once.zones.list({ name: zoneName })),
    (zones) => assert.deepStrictEqual(zones.map((z) => z.name), [zoneName]));
  const zone_id = zone.id;
  const { records } = once.dns;
  const db = { zone_id, type: 'A', name: `db.${zoneName}`, content: '192.0.2.1', ttl: 60, proxied: false };

  const { id } = await check('create', () => records.create({ ...db, comment: 'run 1' }),
    says({ content: '192.0.2.1', ttl: 60, comment: 'run 1' }));
  await refused('create the same again', 400, 81058, () => records.create(db));
  await refused('a TTL below the plan', 400, 9021, () => records.create({ ...db, name: `x.${zoneName}`, ttl: 30 }));
  await check('get', () => records.get(id, { zone_id }), says({ id, content: '192.0.2.1' }));
  await check('edit keeps what it does not name', () => records.edit(id, { zone_id, content: '192.0.2.2' }),
    says({ content: '192.0.2.2', ttl: 60, comment: 'run 1' }));
  await check('update resets what it does not name',
    () => records.update(id, { zone_id, type: 'A', name: db.name, content: '192.0.2.3' }),
    says({ content: '192.0.2.3', ttl: 1, comment: null }));

  for (const n of [1, 2, 3, 4, 5]) await records.create({ ...db, name: `n${n}.${zoneName}` });
  await check('a list of three pages', () => all(records.list({ zone_id, name: { startswith: 'n' }, per_page: 2 })),
    (found) => assert.deepStrictEqual(found.map((r) => r.name), [1, 2, 3, 4, 5].map((n) => `n${n}.${zoneName}`)));
  await check('a list by exact name and type',
    () => all(records.list({ zone_id, name: { exact: db.name }, type: 'A' })),
    (found) => { assert.strictEqual(found.length, 1); says({ id, content: '192.0.2.3' })(found[0]); });

  const batch = {
    zone_id,
    puts: [{ id, type: 'A', name: db.name, content: '192.0.2.5', ttl: 60 }],
    posts: [{ type: 'TXT', name: `_cutover.${zoneName}`, content: '"epoch=7"', ttl: 60 }],
  };
  await check('batch', () => records.batch(batch), (done) => {
    says({ id, content: '192.0.2.5', ttl: 60 })(done.puts[0]);
    says({ type: 'TXT', content: '"epoch=7"' })(done.posts[0]);
  });
  batch.puts[0].content = '192.0.2.6';
  await refused('a batch that fails', 400, 81058, () => records.batch(batch));
  await check('the failed batch changed nothing', () => records.get(id, { zone_id }), says({ content: '192.0.2.5' }));

  await arm({ kind: 'drop_after', method: 'POST' });
  await refused('a create whose answer is lost, repeated by the client', 400, 81058,
    () => client(2).dns.records.create({ ...db, name: `lost.${zoneName}` }));
  await arm({ kind: '429', retry_after: 1 });
  await check('the client waits as long as retry-after says', async () => {
    const began = Date.now();
    await client(1).dns.records.get(id, { zone_id });
    return Date.now() - began;
  }, (took) => assert(took >= 900, `${took} ms`));

  await check('delete', () => records.delete(id, { zone_id }), (gone) => assert.strictEqual(gone.id, id));
  await refused('get what is gone', 404, 81044, () => records.get(id, { zone_id }));
});
