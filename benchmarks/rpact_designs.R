# Bounds and simulated trials by the R package rpact, timed inside R. One line is one round:
# "bounds K" gives seconds and K critical values, "trials N SEED" seconds and the share rejected.
suppressPackageStartupMessages(library(rpact))
bounds <- function(looks) {
  getDesignGroupSequential(kMax = looks, alpha = 0.025, sided = 1, typeOfDesign = "asOF")
}
# The design of the trials stands before the clock starts, as it does for ours.
design <- getDesignGroupSequential(
  informationRates = c(0.4, 0.7, 1), alpha = 0.025, sided = 1, typeOfDesign = "asOF",
  futilityBounds = c(0.05, 1.05), bindingFutility = FALSE
)
trials <- function(n, seed) {
  getSimulationMeans(
    design, groups = 1, alternative = 0.05, stDev = 1, plannedSubjects = c(1800, 3150, 4500),
    maxNumberOfIterations = n, seed = seed
  )$overallReject
}
timed <- function(work) {
  start <- Sys.time()
  found <- work()
  c(as.numeric(difftime(Sys.time(), start, units = "secs")), found)
}
lines <- file("stdin", "r")
cat("ready", as.character(packageVersion("rpact")), "\n")
flush(stdout())
while (length(line <- readLines(lines, 1)) == 1) {
  words <- strsplit(line, " ")[[1]]
  numbers <- as.integer(words[-1])
  found <- switch(words[1],
    bounds = timed(function() bounds(numbers[1])$criticalValues),
    trials = timed(function() trials(numbers[1], numbers[2]))
  )
  cat(sprintf("%.17g", found), "\n")
  flush(stdout())
}
