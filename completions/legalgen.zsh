#compdef legalgen

_legalgen_completion() {
  eval $(env _TYPER_COMPLETE_ARGS="${words[1,$CURRENT]}" _LEGALGEN_COMPLETE=complete_zsh legalgen)
}

compdef _legalgen_completion legalgen
