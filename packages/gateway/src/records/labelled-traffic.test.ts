import { expect, test } from "vitest";
import { LabelledTraffic } from "./labelled-traffic.js";

const REST = { tunnel: "_rest" };
const request = { status: 200, bytesIn: 1, bytesOut: 10 };

/** Requests by label. */
function counts(traffic: LabelledTraffic): Record<string, number> {
  return Object.fromEntries(
    [...traffic.all()].map(({ labels, traffic: { requests } }) => [labels["tunnel"], requests[2]]),
  );
}

test("each label has counters of its own, also for several users", () => {
  const traffic = new LabelledTraffic(2, REST);
  const [web, again, shop] = ["web", "web", "shop"].map((tunnel) => traffic.use({ tunnel }));
  web!.traffic.count(request);
  again!.traffic.count({ ...request, bytesIn: 5 });
  shop!.traffic.count({ ...request, status: 502 });
  expect(counts(traffic)).toEqual({ web: 2, shop: 0, _rest: 0 });
  expect([...traffic.all()][0]?.traffic).toMatchObject({ bytesIn: 6, bytesOut: 20 });
});

test("beyond the limit, labels in use are counted with the rest", () => {
  const traffic = new LabelledTraffic(2, REST);
  for (let n = 0; n < 1_000; n++) traffic.use({ tunnel: `t${n}` }).traffic.count(request);
  expect(counts(traffic)).toEqual({ t0: 1, t1: 1, _rest: 998 });
});

test("labels that are no longer in use make room, and the sum does not decrease", () => {
  const traffic = new LabelledTraffic(2, REST);
  for (let n = 0; n < 1_000; n++) {
    const used = traffic.use({ tunnel: `t${n}` });
    used.traffic.count(request);
    traffic.release(used);
  }
  expect(counts(traffic)).toEqual({ t998: 1, t999: 1, _rest: 998 });
});

test("a request that ends after its label was dropped is counted with the rest", () => {
  const traffic = new LabelledTraffic(1, REST);
  const late = traffic.use({ tunnel: "late" });
  traffic.release(late);
  traffic.use({ tunnel: "new" });
  late.traffic.count(request);
  expect(counts(traffic)).toEqual({ new: 0, _rest: 1 });
});

test("labels equal to those of the rest are not a second series", () => {
  const traffic = new LabelledTraffic(2, REST);
  const used = traffic.use({ tunnel: "_rest" });
  used.traffic.count(request);
  traffic.release(used);
  expect([...traffic.all()]).toHaveLength(1);
  expect(counts(traffic)).toEqual({ _rest: 1 });
});

test("a label that is used again keeps its counters and its place", () => {
  const traffic = new LabelledTraffic(2, REST);
  const web = traffic.use({ tunnel: "web" });
  web.traffic.count(request);
  traffic.release(web);
  traffic.use({ tunnel: "web" }).traffic.count(request);
  for (const tunnel of ["shop", "blog"]) traffic.use({ tunnel }).traffic.count(request);
  expect(counts(traffic)).toEqual({ web: 2, shop: 1, _rest: 1 });
});
