// tedious as a client under test: speaks the line protocol of ../README.md on
// standard input and output. NODE_PATH names the folder that tedious is in.
'use strict';

const readline = require('node:readline');
const fs = require('node:fs');
const { Connection, Request, TYPES } = require('tedious');

const NULL = '\\N';
const escapes = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
const unescapes = { '\\': '\\', t: '\t', n: '\n', r: '\r' };
const escape = (s) => s.replace(/[\\\t\n\r]/g, (c) => escapes[c]);
const unescape = (s) => s.replace(/\\(.)/g, (_, c) => unescapes[c]);

const say = (...fields) => process.stdout.write(fields.join('\t') + '\n');
const error = (e) => say('error', e.number, e.lineNumber ?? 0, escape(e.message));

let connection;
let prepared;
let reported = []; // errors that came as tokens, so that the callback does not repeat them

// The cell of a value as the case files write it.
function cell(value, type, metadata) {
  if (value === null || value === undefined) return NULL;
  const digits = (s) => s.replace(/\.?0+$/, '');
  const day = (d) => d.toISOString().slice(0, 10);
  // JavaScript's Date has milliseconds; tedious gives the rest in nanosecondsDelta (seconds).
  const clock = (d) => {
    const ticks = Math.round((d.getUTCMilliseconds() / 1000 + (d.nanosecondsDelta ?? 0)) * 1e7);
    return digits(d.toISOString().slice(11, 19) + '.' + String(ticks).padStart(7, '0'));
  };
  switch (type) {
    case 'Bit': case 'BitN':
      return value ? '1' : '0';
    case 'Decimal': case 'DecimalN': case 'Numeric': case 'NumericN':
      return value.toFixed(metadata.scale);
    case 'Money': case 'MoneyN': case 'SmallMoney':
      return value.toFixed(4);
    case 'UniqueIdentifier':
      return value.toUpperCase();
    case 'Date':
      return day(value);
    case 'Time':
      return clock(value);
    case 'DateTime': case 'DateTimeN': case 'DateTime2': case 'SmallDateTime':
      return day(value) + 'T' + clock(value);
    case 'DateTimeOffset': // tedious drops the offset and gives UTC
      return day(value) + 'T' + clock(value) + '+00:00';
    default:
      return Buffer.isBuffer(value) ? '0x' + value.toString('hex').toUpperCase() : escape(String(value));
  }
}

// What a request yields becomes events. A count belongs to a statement without a
// result set.
function watch(request) {
  let columns = false;
  let rows = 0;
  request.on('columnMetadata', () => { columns = true; rows = 0; });
  request.on('row', (row) => {
    rows++;
    say('row', ...row.map((c) => cell(c.value, c.metadata.type.name, c.metadata)));
  });
  const done = (count) => {
    if (columns && rows === 0) say('none');
    if (!columns && count > 0) say('count', count);
    columns = false;
  };
  request.on('done', done);
  request.on('doneInProc', done);
  return request;
}

// The callback of a request gets the error again that came as a token.
const finish = (resolve) => (e) => {
  const known = (each) => each.number !== undefined && reported.includes(each.number + each.message);
  for (const each of e?.errors ?? (e ? [e] : [])) {
    if (known(each)) continue;
    if (each.number === undefined) say('error', 0, 1, escape(String(each.message)));
    else error(each);
  }
  reported = [];
  resolve();
};

const ask = (start) => new Promise((resolve) => start(finish(resolve)));

// TYPES has the types by name in another case: 'nvarchar' is TYPES.NVarChar.
function parameter(declared) {
  const [, name, facets = ''] = declared.toLowerCase().match(/^(\w+)\s*(?:\(([^)]*)\))?$/);
  const type = Object.values(TYPES).find((t) => t.name.toLowerCase() === (name === 'integer' ? 'int' : name));
  if (!type) return undefined;
  const [first, second] = facets.split(',').map((f) => (f.trim() === 'max' ? Infinity : Number(f)));
  switch (name) {
    case 'decimal': case 'numeric':
      return { type, options: { precision: first || 18, scale: second || 0 } };
    case 'time': case 'datetime2': case 'datetimeoffset':
      return { type, options: { scale: facets ? first : 7 } };
    default:
      return { type, options: facets ? { length: first } : {} };
  }
}

function argument(type, text) {
  if (text === NULL) return null;
  const value = unescape(text);
  switch (type.name) {
    case 'Bit':
      return value === '1';
    case 'TinyInt': case 'SmallInt': case 'Int': case 'Real': case 'Float': case 'Decimal': case 'Numeric': case 'Money': case 'SmallMoney':
      return Number(value);
    case 'Binary': case 'VarBinary': case 'Image':
      return Buffer.from(value, 'hex');
    case 'Date': case 'DateTime': case 'DateTime2': case 'SmallDateTime': case 'DateTimeOffset': case 'Time': {
      const at = new Date(/^\d\d:/.test(value) ? '1970-01-01T' + value + 'Z' : /Z$|[+-]\d\d:\d\d$/.test(value) ? value : value.length === 10 ? value : value + 'Z');
      const fraction = value.match(/\.(\d+)/)?.[1].padEnd(7, '0') ?? '0000000';
      at.nanosecondDelta = Number(fraction.slice(3)) / 1e7;
      return at;
    }
    default:
      return value;
  }
}

const verbs = {
  login: (host, port, user, password, database, encryption, certificate) => new Promise((resolve) => {
    const strict = encryption === 'strict';
    connection = new Connection({
      server: host,
      authentication: { type: 'default', options: { userName: user, password } },
      options: {
        port: Number(port),
        database: database || undefined,
        encrypt: strict ? 'strict' : encryption === 'on',
        trustServerCertificate: !certificate,
        cryptoCredentialsDetails: certificate ? { ca: fs.readFileSync(certificate) } : undefined,
        rowCollectionOnDone: false,
        requestTimeout: 0,
        useUTC: true,
      },
    });
    connection.on('errorMessage', (e) => { reported.push(e.number + e.message); error(e); });
    connection.on('infoMessage', (m) => {
      if (![5701, 5703].includes(m.number)) say('print', escape(m.message));
    });
    connection.on('error', (e) => { say('broken', escape(String(e.message))); process.exit(1); });
    connection.connect((e) => {
      if (e && reported.length === 0) say('broken', escape(String(e.message)));
      reported = [];
      resolve();
    });
  }),
  run: (batch) => ask((done) => connection.execSqlBatch(watch(new Request(batch, done)))),
  begin: () => ask((done) => connection.beginTransaction(done)),
  commit: () => ask((done) => connection.commitTransaction(done)),
  rollback: () => ask((done) => connection.rollbackTransaction(done)),

  prepare: (batch, ...declared) => new Promise((resolve) => {
    // One request is prepared, executed and unprepared; who waits for its callback changes.
    let waiting = finish(resolve);
    const request = watch(new Request(batch, (e) => waiting(e)));
    prepared = { request, names: [], types: [], wait: (w) => { waiting = finish(w); } };
    for (let i = 0; i < declared.length; i += 2) {
      const p = parameter(declared[i + 1]);
      if (!p) {
        say('inexpressible', 'tedious has no type ' + declared[i + 1]);
        return resolve();
      }
      prepared.names.push(declared[i]);
      prepared.types.push(p.type);
      request.addParameter(declared[i], p.type, undefined, p.options);
    }
    request.on('prepared', () => resolve());
    connection.prepare(request);
  }),
  execute: (...values) => new Promise((resolve) => {
    prepared.wait(resolve);
    const args = {};
    prepared.names.forEach((name, i) => { args[name] = argument(prepared.types[i], values[i]); });
    connection.execute(prepared.request, args);
  }),
  unprepare: () => new Promise((resolve) => {
    prepared.wait(resolve);
    connection.unprepare(prepared.request);
  }),
  bulk: (table, id, text, price, at, data, ...values) => new Promise((resolve) => {
    const load = connection.newBulkLoad(table, finish(resolve));
    load.addColumn(id, TYPES.Int, { nullable: false });
    load.addColumn(text, TYPES.NVarChar, { length: Infinity, nullable: true });
    load.addColumn(price, TYPES.Decimal, { precision: 18, scale: 2, nullable: true });
    load.addColumn(at, TYPES.DateTime2, { scale: 7, nullable: true });
    load.addColumn(data, TYPES.VarBinary, { length: Infinity, nullable: true });
    const types = [TYPES.Int, TYPES.NVarChar, TYPES.Decimal, TYPES.DateTime2, TYPES.VarBinary];
    const rows = [];
    for (let i = 0; i < values.length; i += 5) {
      rows.push(types.map((type, j) => argument(type, values[i + j])));
    }
    connection.execBulkLoad(load, rows);
  }),
};

// Requests are answered one after another; a cancel overtakes.
let last = Promise.resolve();
const input = readline.createInterface({ input: process.stdin, crlfDelay: Infinity });
input.on('line', (line) => {
  const [verb, ...fields] = line.split('\t');
  if (verb === 'cancel') {
    connection.cancel();
    return;
  }
  const raw = verb === 'execute' || verb === 'bulk';
  last = last
    .then(() => verbs[verb](...fields.map((f) => (raw ? f : unescape(f)))))
    .catch((e) => say('broken', escape(String(e.stack))))
    .then(() => say('end'));
});
input.on('close', () => last.then(() => connection?.close()));
