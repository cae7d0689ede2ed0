import type { Page } from "playwright-core";

/** Seconds of the clip. It has one frame a second: black, but for the column of its second. */
export const CLIP_SECONDS = 16;
const COLUMN = 8;
const SIZE = CLIP_SECONDS * COLUMN;
/** Unused bytes after each frame, so that a browser does not load the whole clip before it seeks. */
const PADDING = 2 * 1024 * 1024;
/** Bytes of a size that is written in full: a marker and seven bytes. */
const SIZE_BYTES = 8;

/** A WebM video with an index. The browser of `page`, which needs a secure context, encodes it. */
export async function webmClip(page: Page): Promise<Buffer> {
  const frames = await page.evaluate(encode, { seconds: CLIP_SECONDS, size: SIZE, column: COLUMN });
  return webm(frames.map((frame) => Buffer.from(frame, "base64")));
}

/** Moves the video of the page to the middle of a second. Returns its time, and the second whose frame it shows. */
export async function seek(page: Page, second: number): Promise<{ time: number; shown: number }> {
  return page.evaluate(
    async ({ second, seconds, size, column }) => {
      const video = document.querySelector("video")!;
      const isOver = new Promise((resolve, reject) => {
        video.addEventListener("seeked", resolve, { once: true });
        video.addEventListener("error", () => reject(new Error(video.error?.message)), { once: true });
      });
      video.currentTime = second + 0.5;
      await isOver;
      const canvas = new OffscreenCanvas(size, size).getContext("2d", { willReadFrequently: true })!;
      const shownSecond = (): number => {
        canvas.drawImage(video, 0, 0);
        const { data } = canvas.getImageData(0, size / 2, size, 1);
        const reds = Array.from({ length: seconds }, (_, n) => data[4 * (n + 0.5) * column]!);
        return reds.indexOf(Math.max(...reds));
      };
      // A busy browser still shows the frame before for a while.
      const latest = performance.now() + 20_000;
      while (shownSecond() !== second && performance.now() < latest)
        await new Promise((resolve) => setTimeout(resolve, 20));
      return { time: video.currentTime, shown: shownSecond() };
    },
    { second, seconds: CLIP_SECONDS, size: SIZE, column: COLUMN },
  );
}

/** Runs in the browser. Returns key frames in base64. */
async function encode({ seconds, size, column }: Record<"seconds" | "size" | "column", number>): Promise<string[]> {
  const frames: string[] = [];
  const encoder = new VideoEncoder({
    output(chunk) {
      const bytes = new Uint8Array(chunk.byteLength);
      chunk.copyTo(bytes);
      frames.push(btoa(String.fromCharCode(...bytes)));
    },
    error(error) {
      throw error;
    },
  });
  encoder.configure({ codec: "vp8", width: size, height: size });
  const canvas = new OffscreenCanvas(size, size);
  const context = canvas.getContext("2d")!;
  for (let second = 0; second < seconds; second++) {
    context.fillStyle = "black";
    context.fillRect(0, 0, size, size);
    context.fillStyle = "white";
    context.fillRect(second * column, 0, column, size);
    const frame = new VideoFrame(canvas, { timestamp: second * 1_000_000 });
    encoder.encode(frame, { keyFrame: true });
    frame.close();
  }
  await encoder.flush();
  return frames;
}

/** A WebM file: its index, then a cluster for each frame. */
function webm(frames: readonly Buffer[]): Buffer {
  const head = element(
    "1a45dfa3",
    element("4286", uint(1)),
    element("42f7", uint(1)),
    element("42f2", uint(4)),
    element("42f3", uint(8)),
    element("4282", Buffer.from("webm")),
    element("4287", uint(2)),
    element("4285", uint(2)),
  );
  const duration = Buffer.alloc(8);
  duration.writeDoubleBE(frames.length * 1_000);
  const info = element(
    "1549a966",
    element("2ad7b1", uint(1_000_000)),
    element("4489", duration),
    element("4d80", Buffer.from("postern")),
    element("5741", Buffer.from("postern")),
  );
  const picture = element("e0", element("b0", uint(SIZE)), element("ba", uint(SIZE)));
  const track = element(
    "ae",
    element("d7", uint(1)),
    element("73c5", uint(1)),
    element("83", uint(1)),
    element("86", Buffer.from("V_VP8")),
    picture,
  );
  const tracks = element("1654ae6b", track);
  const clusters = frames.map((frame, second) =>
    element(
      "1f43b675",
      element("e7", uint(second * 1_000)),
      // Track 1, time 0 in the cluster, a key frame.
      element("a3", Buffer.from([0x81, 0, 0, 0x80]), frame),
      element("ec", Buffer.alloc(PADDING)),
    ),
  );
  // All numbers have the same length, so the length of the index does not depend on the positions in it.
  const before = info.length + tracks.length + indexOf(clusters, 0).length;
  return Buffer.concat([head, element("18538067", info, tracks, indexOf(clusters, before), ...clusters)]);
}

/** @param at the position of the first cluster in the segment */
function indexOf(clusters: readonly Buffer[], at: number): Buffer {
  const points = clusters.map((cluster, second) => {
    const position = element("b7", element("f7", uint(1)), element("f1", uint(at)));
    at += cluster.length;
    return element("bb", element("b3", uint(second * 1_000)), position);
  });
  return element("1c53bb6b", ...points);
}

function element(id: string, ...content: readonly Buffer[]): Buffer {
  const size = uint(content.reduce((sum, { length }) => sum + length, 0));
  size[0] = 0x01;
  return Buffer.concat([Buffer.from(id, "hex"), size, ...content]);
}

function uint(value: number): Buffer {
  const bytes = Buffer.alloc(SIZE_BYTES);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
