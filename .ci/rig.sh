# A real LiteLLM proxy beside the steps. Sourced by `run`.

RIG_KEY=sk-test-master
RIG_PID=

# The first free port whose port + 10, the stub's, is free as well.
rig_free_port() {
  python3 - <<'PYTHON'
import socket
def free(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
print(next(port for port in range(4300, 4900, 20) if free(port) and free(port + 10)))
PYTHON
}

# Begins to start the proxy, so that its installation overlaps with the first steps.
rig_start() {
  local port
  port=$(rig_free_port)
  export EVAL_TEST_LITELLM_URL=http://127.0.0.1:$port EVAL_TEST_LITELLM_KEY=$RIG_KEY
  export CI_RIG_PORT=$port CI_RIG_LOG=$LOGS/litellm.log
  set -m # a process group of its own, which ends as a whole
  LITELLM_MASTER_KEY=$RIG_KEY LITELLM_LOG_FILE=$LOGS/litellm-proxy.log \
    "$ROOT/.ci/litellm/start.sh" "$port" >"$CI_RIG_LOG" 2>&1 </dev/null &
  RIG_PID=$!
  set +m
  export CI_RIG_PID=$RIG_PID
}

rig_stop() {
  [ -n "$RIG_PID" ] || return 0
  kill -TERM -- "-$RIG_PID" 2>/dev/null || true
  for _ in $(seq 50); do
    kill -0 -- "-$RIG_PID" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -KILL -- "-$RIG_PID" 2>/dev/null || true
}
