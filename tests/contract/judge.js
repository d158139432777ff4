// SPDX-License-Identifier: MIT
// What both judges share: one line a check in TAP style, and an exit code that says whether all held.
'use strict';

const [, , base, token, zoneName] = process.argv;
let failed = 0;

/** Report one check; `problems` is a list of texts, empty when it holds. */
function report(what, problems) {
  if (problems.length === 0) return console.log(`ok - ${what}`);
  failed += 1;
  console.log(`not ok - ${what}`);
  for (const problem of problems) console.log(`#   ${problem}`);
}

/** Run the judge to its end; an exception is a failed check, never a silent success. */
function judge(main) {
  main()
    .catch((error) => report('the judge ran to its end', [String(error.stack)]))
    .finally(() => { process.exitCode = failed ? 1 : 0; });
}

/** Arm a fault of the stand-in; it takes no token. */
async function arm(fault) {
  const answer = await fetch(new URL('/_lab/faults', base), { method: 'POST', body: JSON.stringify(fault) });
  if (!answer.ok) throw new Error(`could not arm ${JSON.stringify(fault)}: ${answer.status}`);
}

module.exports = { arm, base, judge, report, token, zoneName };
