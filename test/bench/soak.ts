/* What npm run soak runs: kills a gateway 300 times under load; its audit log may lose nothing (docs/audit.md). */
import { createHome } from '../helpers/home.ts';
import { killUnderLoad } from '../helpers/kill-run.ts';

const kills = Number(process.argv[2] ?? 300);
const cleanups: (() => void | Promise<void>)[] = [];
const scope = { after: (clean: () => void | Promise<void>) => void cleanups.push(clean) };
const startedAt = performance.now();
try {
  const home = createHome(scope, '[http]\nenabled = false\n');
  const { answered, withoutLine, unknown } = await killUnderLoad(scope, home, kills);
  const seconds = Math.round((performance.now() - startedAt) / 1_000);
  console.log(
    `${kills} kills in ${seconds} s: ${answered} calls answered, ${withoutLine} of them known by a line that says unknown (${unknown} of those), none lost; the chain is intact`,
  );
} finally {
  for (const clean of cleanups.toReversed()) await clean();
}
