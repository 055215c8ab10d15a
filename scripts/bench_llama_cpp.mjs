// Prefill speed of llama.cpp on the files that `pukara bench` measures, for a ratio within one run.
//
//   npm install --ignore-scripts node-llama-cpp     (its npm package carries prebuilt llama.cpp)
//   node scripts/bench_llama_cpp.mjs THREADS MODEL.gguf...
//
// Prints one JSON line per file: tokens/s at 128, 256 and 512 tokens and the milliseconds of 112 tokens behind 400 that
// are in the cache already (medians of five). The first line names the CPU back end that llama.cpp loaded: it carries
// one per family of instruction sets and takes the best that the machine can run.
import {readFileSync} from "node:fs";
import {getLlama} from "node-llama-cpp";

const [threads, ...files] = process.argv.slice(2);
const RUNS = 5;

function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

function tokens(model, count, seed) {
  const size = model.fileInfo.metadata.tokenizer.ggml.tokens.length;
  let state = seed;
  return Array.from({length: count}, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % Math.min(size, 30000);
  });
}

async function prefill(sequence, input) {
  const start = process.hrtime.bigint();
  await sequence.evaluateWithoutGeneratingNewTokens(input);
  return Number(process.hrtime.bigint() - start) / 1e6;
}

/** The shared libraries of ggml's CPU back ends in this process; Linux only. */
function backEnds() {
  try {
    return [...new Set(readFileSync("/proc/self/maps", "utf8").match(/libggml-cpu[^/\n]*\.so/g) ?? [])];
  } catch {
    return ["unknown"];
  }
}

const llama = await getLlama({gpu: false, build: "never", logLevel: "error"});
console.log(JSON.stringify({backEnds: backEnds(), systemInfo: llama.systemInfo}));
for (const file of files) {
  const model = await llama.loadModel({modelPath: file, gpuLayers: 0});
  const context = await model.createContext({
    contextSize: 1024, batchSize: 512, threads: Number(threads), sequences: 1,
  });
  const sequence = context.getSequence();
  const result = {file: file.split("/").pop(), prefill: {}};
  for (const count of [128, 256, 512]) {
    const millis = [];
    for (let run = 0; run <= RUNS; run++) {
      await sequence.clearHistory();
      const spent = await prefill(sequence, tokens(model, count, run + 1));
      if (run > 0) {
        millis.push(spent);
      }
    }
    result.prefill[count] = count / median(millis) * 1e3;
  }
  const millis = [];
  for (let run = 0; run <= RUNS; run++) {
    await sequence.clearHistory();
    await prefill(sequence, tokens(model, 400, 99));
    const spent = await prefill(sequence, tokens(model, 112, run + 7));
    if (run > 0) {
      millis.push(spent);
    }
  }
  result.cachedCheckMillis = median(millis);
  console.log(JSON.stringify(result));
  await context.dispose();
  await model.dispose();
}
await llama.dispose();
