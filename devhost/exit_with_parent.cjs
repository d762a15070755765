// Preloaded into a Node program (node --require): asks it to end when its standard input does, which is at the latest
// when the process that started it is gone, however that ended.
const end = () => process.kill(process.pid, "SIGTERM");
process.stdin.on("end", end).on("error", end).resume();
