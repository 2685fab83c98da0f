# The paired DeLong test of the R package pROC, timed inside R; one line "go" is one round.
# Usage: Rscript proc_delong.R FOLDER N, with raw doubles in candidate, standard_of_care, outcome.
suppressPackageStartupMessages(library(pROC))
place <- commandArgs(trailingOnly = TRUE)
read <- function(name) readBin(file.path(place[1], name), "double", n = as.integer(place[2]))
candidate <- read("candidate")
standard_of_care <- read("standard_of_care")
outcome <- read("outcome")
curve <- function(score) roc(outcome, score, levels = c(0, 1), direction = "<", quiet = TRUE)
lines <- file("stdin", "r")
cat("ready", as.character(packageVersion("pROC")), "\n")
flush(stdout())
while (length(readLines(lines, 1)) == 1) {
  start <- proc.time()[["elapsed"]]
  found <- roc.test(curve(candidate), curve(standard_of_care), paired = TRUE, method = "delong")
  seconds <- proc.time()[["elapsed"]] - start
  areas <- as.numeric(found$estimate)
  cat(sprintf("%.4f %.17g %.17g\n", seconds, areas[1] - areas[2], found$statistic))
  flush(stdout())
}
