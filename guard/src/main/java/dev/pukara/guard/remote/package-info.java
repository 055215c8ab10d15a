/**
 * A model behind an OpenAI-compatible server (vLLM, SGLang, llama-server, Ollama). Door: {@link
 * dev.pukara.guard.remote.RemoteModel}; any number of threads. Protocol: the completions and chat
 * completions of the OpenAI API with log probabilities.
 */
@NullMarked
package dev.pukara.guard.remote;

import org.jspecify.annotations.NullMarked;
